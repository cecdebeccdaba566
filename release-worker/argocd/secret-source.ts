// A secret or a certificate that may change while the worker runs: a fixed value, or a file that is read again. The file is
// opened by its path each time, because Kubernetes updates a Secret by replacing symbolic links.
import type { FileText } from '../../config/read-text.ts';
import { readSecret } from '../../config/secret-file.ts';
import type { Clock } from '../../service/clock.ts';
import type { Log } from '../../service/log.ts';

export interface SecretSource<Value> {
  current(): Promise<Value>;
  /** The next `current()` reads the file, even if it was read a moment ago. */
  expire(): void;
}

export function fixedSecret<Value>(value: Value): SecretSource<Value> {
  return { current: () => Promise.resolve(value), expire: () => {} };
}

export type ParseSecret<Value> = (
  text: string,
) => { readonly value: Value; readonly fault?: never } | { readonly fault: string };

export interface SecretFileOptions<Value> {
  readonly file: string;
  /** for messages: `argocd.tokenFile` */
  readonly key: string;
  /** the valid content that was read at the start */
  readonly first: { readonly text: string; readonly value: Value };
  /** returns a fault that does not show the secret */
  readonly parse: ParseSecret<Value>;
  /** default: read as a secret */
  readonly read?: (file: string) => Promise<FileText>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

/** A read takes some hundred bytes, mostly from the page cache. That is cheap, but not for each of thousands of requests. */
const rereadMs = 5_000;

export function secretInFile<Value>(options: SecretFileOptions<Value>): SecretSource<Value> {
  const { file, key, parse, read: readFile = readSecret, clock, log } = options;
  let { text, value } = options.first;
  let readAt: number | undefined = clock.monotonic();
  let reading: Promise<void> | undefined;
  let faulty = false;

  const read = async () => {
    readAt = clock.monotonic();
    const found = await readFile(file);
    const parsed =
      found.text === undefined
        ? { fault: found.message }
        : found.text === ''
          ? { fault: 'is empty' }
          : parse(found.text);
    if (parsed.fault !== undefined) {
      // The file may be half replaced. The previous value most likely still works.
      if (!faulty)
        log.warn(
          `${key}: the file ${file} ${parsed.fault}. The worker uses the previous value until the file is valid again`,
        );
      faulty = true;
      return;
    }
    if (faulty) log.info(`${key}: the file ${file} is valid again`);
    faulty = false;
    if (found.text === text) return;
    log.info(`${key}: the file ${file} has changed; the worker uses the new value from now on`);
    text = found.text ?? '';
    value = parsed.value;
  };

  return {
    current: async () => {
      if (readAt === undefined || clock.monotonic() - readAt >= rereadMs)
        reading ??= read().finally(() => {
          reading = undefined;
        });
      await reading;
      return value;
    },
    expire: () => {
      readAt = undefined;
    },
  };
}
