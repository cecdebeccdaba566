// Checks that a text contains certificates (PEM), and otherwise says what it contains. Node accepts any text as `ca`, and then
// trusts no server.
import { X509Certificate } from 'node:crypto';

interface CertificateFault {
  readonly message: string;
  readonly remedy: string;
}

/** The largest file that is read. The certificates of all well-known authorities together have about 250 kB. */
export const maximumPemBytes = 4 * 1024 * 1024;

const likeThis = 'name a file with the certificate of the authority in PEM (-----BEGIN CERTIFICATE-----)';

/** What other PEM blocks contain, by the words after BEGIN (RFC 7468; OpenSSL's older names). */
const others: readonly (readonly [label: RegExp, what: string])[] = [
  [/ENCRYPTED PRIVATE KEY/, 'an encrypted private key'],
  [/PRIVATE KEY/, 'a private key'],
  [/PUBLIC KEY/, 'a public key'],
  [/CERTIFICATE REQUEST/, 'a request for a certificate'],
  [/TRUSTED CERTIFICATE/, "a certificate in OpenSSL's own form"],
  [/X509 CRL/, 'a list of revoked certificates'],
];

/** Undefined if the text contains certificates and each of them can be read. */
export function certificateFault(text: string): CertificateFault | undefined {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) {
    const label = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(text)?.[1];
    if (text.trim() === '') return { message: 'is empty', remedy: likeThis };
    if (label === 'CERTIFICATE')
      return { message: 'ends in the middle of a certificate', remedy: 'copy the whole file again' };
    const what = others.find(([pattern]) => label !== undefined && pattern.test(label))?.[1];
    return what === undefined
      ? { message: 'contains no certificate', remedy: likeThis }
      : { message: `contains ${what}, but no certificate`, remedy: likeThis };
  }
  const bad = blocks.findIndex((block) => !isCertificate(block));
  return bad < 0
    ? undefined
    : {
        message: `contains a certificate that cannot be read (${blocks.length === 1 ? 'the only one' : `number ${bad + 1} of ${blocks.length}`})`,
        remedy: 'copy the certificate again, with all its lines',
      };
}

/** Whether the bytes are one certificate, in PEM or in DER (which is binary). */
export function isCertificate(bytes: string | Buffer): boolean {
  try {
    return new X509Certificate(bytes).subject !== undefined;
  } catch {
    return false;
  }
}
