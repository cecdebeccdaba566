// Checks that a text holds certificates (PEM), and says what else it is. Node accepts any text as `ca`, and then trusts
// no server.
import { X509Certificate } from 'node:crypto';

interface CertificateFault {
  readonly message: string;
  readonly remedy: string;
}

/** The certificates of all well-known authorities together have some 250 kB. */
export const maximumPemBytes = 4 * 1024 * 1024;

const likeThis = 'name the certificate of the authority as PEM (-----BEGIN CERTIFICATE-----)';

/** What other PEM blocks hold, by the words after BEGIN (RFC 7468; OpenSSL's older names). */
const others: readonly (readonly [label: RegExp, what: string])[] = [
  [/ENCRYPTED PRIVATE KEY/, 'an encrypted private key'],
  [/PRIVATE KEY/, 'a private key'],
  [/PUBLIC KEY/, 'a public key'],
  [/CERTIFICATE REQUEST/, 'a request for a certificate'],
  [/TRUSTED CERTIFICATE/, "a certificate in OpenSSL's own form"],
  [/X509 CRL/, 'a list of revoked certificates'],
];

/** Undefined if the text has certificates and each of them can be read. */
export function certificateFault(text: string): CertificateFault | undefined {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) {
    const label = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(text)?.[1];
    if (text.trim() === '') return { message: 'is empty', remedy: likeThis };
    if (label === 'CERTIFICATE')
      return { message: 'ends within a certificate', remedy: 'copy it again, as a whole' };
    const what = others.find(([pattern]) => label !== undefined && pattern.test(label))?.[1];
    return what === undefined
      ? { message: 'has no certificate in it', remedy: likeThis }
      : { message: `has ${what} in it and no certificate`, remedy: likeThis };
  }
  const bad = blocks.findIndex((block) => !isCertificate(block));
  return bad < 0
    ? undefined
    : {
        message: `has a certificate that cannot be read (${blocks.length === 1 ? 'its only one' : `number ${bad + 1} of ${blocks.length}`})`,
        remedy: 'copy it again, with all of its lines',
      };
}

/** Whether the bytes are one certificate, as PEM or as DER (which is binary). */
export function isCertificate(bytes: string | Buffer): boolean {
  try {
    return new X509Certificate(bytes).subject !== undefined;
  } catch {
    return false;
  }
}
