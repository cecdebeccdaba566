// Certificates for the servers of one test file, which openssl creates in a temporary folder.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificates {
  /** self-signed, like Argo CD's generated certificate, for these names only */
  selfSigned(name: string, names: string): void;
  /** Signed by the named certificate, valid for this many days from now. */
  signed(name: string, signer: string, names: string, days: number): void;
  pair(name: string, signer?: string): { key: string; cert: string; ca: string };
  remove(): void;
}

const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /O=Argo';

export function createCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'release-button-tls-'));
  const openssl = (line: string) => {
    execFileSync('openssl', line.split(' '), { cwd: folder, stdio: 'ignore' });
  };
  const read = (path: string) => readFileSync(join(folder, path), 'utf8');
  return {
    selfSigned: (name, names) =>
      openssl(
        `req -x509 ${newKey} -days 2 -keyout ${name}.key -out ${name}.pem -addext subjectAltName=${names}`,
      ),
    signed: (name, signer, names, days) => {
      openssl(`req ${newKey} -keyout ${name}.key -out ${name}.csr -addext subjectAltName=${names}`);
      openssl(
        `x509 -req -in ${name}.csr -CA ${signer}.pem -CAkey ${signer}.key -CAcreateserial -copy_extensions copyall -days ${days} -out ${name}.pem`,
      );
    },
    pair: (name, signer = name) => ({
      key: read(`${name}.key`),
      cert: read(`${name}.pem`),
      ca: read(`${signer}.pem`),
    }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
