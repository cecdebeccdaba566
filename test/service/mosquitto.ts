// Mosquitto as a separate process, with a configuration by the test, and certificates for it.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { freePort } from '../support/ports.ts';
import { patienceMs } from '../support/patience.ts';

export interface Mosquitto {
  readonly port: number;
  readonly url: string;
  signal(name: NodeJS.Signals): void;
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'release-button-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** @param lines lines of its configuration, besides the listener on a free port */
export async function startMosquitto(lines: readonly string[]): Promise<Mosquitto> {
  const folder = temporaryFolder();
  const file = join(folder, 'mosquitto.conf');
  // As root, Mosquitto would switch to a user who cannot read the files of the test.
  const user = process.getuid?.() === 0 ? ['user root'] : [];
  // Mosquitto cannot choose a free port itself. If another process takes the port first, Mosquitto ends, and the next
  // port is tried.
  for (let tries = 0; tries < 5; tries += 1) {
    const port = await freePort();
    writeFileSync(file, [...user, `listener ${port} 127.0.0.1`, ...lines, ''].join('\n'));
    const child = spawn('mosquitto', ['-c', file], { stdio: 'ignore' });
    onTestFinished(() => {
      child.kill('SIGCONT');
      child.kill('SIGKILL');
    });
    const answers = await vi.waitUntil(
      async () => (child.exitCode === null ? (await accepts(port)) || undefined : 'ended'),
      { timeout: patienceMs, interval: 20 },
    );
    if (answers === true)
      return { port, url: `mqtt://127.0.0.1:${port}`, signal: (name) => void child.kill(name) };
  }
  throw new Error('mosquitto does not start');
}

export function passwordFile(folder: string, user: string, password: string): string {
  const file = join(folder, 'passwords');
  execFileSync('mosquitto_passwd', ['-b', '-c', file, user, password], { stdio: 'ignore' });
  return file;
}

export interface Certificates {
  readonly ca: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** Makes an authority, and a certificate that it signs for these names, in the syntax of openssl (`DNS:localhost`). */
export function certificates(folder: string, names: string): Certificates {
  const at = (name: string) => join(folder, name);
  const openssl = (line: string) => execFileSync('openssl', line.split(' '), { stdio: 'ignore' });
  writeFileSync(at('names'), `subjectAltName=${names}\n`);
  openssl(
    `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ${at('ca.key')} -out ${at('ca.pem')}`,
  );
  openssl(`req -newkey rsa:2048 -nodes -subj /CN=broker -keyout ${at('key.pem')} -out ${at('request.pem')}`);
  openssl(
    `x509 -req -days 2 -in ${at('request.pem')} -CA ${at('ca.pem')} -CAkey ${at('ca.key')} -CAcreateserial -extfile ${at('names')} -out ${at('cert.pem')}`,
  );
  return {
    ca: readFileSync(at('ca.pem'), 'utf8'),
    caFile: at('ca.pem'),
    certFile: at('cert.pem'),
    keyFile: at('key.pem'),
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
