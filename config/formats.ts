// The kinds of value that settings have: numbers in a range, names, hosts, URLs. Each says in words what it
// wants; the words end up in error messages.
import * as z from 'zod/mini';
import { idPattern } from '../messages/ids.ts';

/** A refinement whose error carries a remedy. */
export function must<T>(test: (value: T) => boolean, error: string, remedy: string, path?: PropertyKey[]) {
  return z.refine<T>((value) => test(value), { error, params: { remedy }, ...(path && { path }) });
}

export function wholeNumber(min: number, max: number) {
  return z.int().check(z.minimum(min), z.maximum(max));
}

/** 0 lets the system choose a free port. */
export const port = () => wholeNumber(0, 65_535);

export function text(max: number) {
  return z.string().check(z.minLength(1), z.maxLength(max));
}

export const flag = () => z.boolean();

/** One of `values`; a value in `notYet` is answered with that sentence. */
export function oneOf<const V extends readonly string[]>(
  values: V,
  notYet: Readonly<Record<string, string>> = {},
) {
  return z.enum(values, {
    error: (issue) =>
      typeof issue.input === 'string' && Object.hasOwn(notYet, issue.input) ? notYet[issue.input] : undefined,
  });
}

export const id = () =>
  z
    .string()
    .check(
      must<string>(
        (value) => idPattern.test(value),
        'must be an id: 1 to 63 of a-z, 0-9, - and _, beginning with a letter or digit',
        'choose an id such as `main` or `office-2`',
      ),
    );

export const host = () =>
  z
    .string()
    .check(
      must<string>(
        (value) => /^[A-Za-z0-9._:%-]{1,253}$/.test(value),
        'must be a host name or an IP address, without scheme and port',
        'write for example `127.0.0.1` (this machine only) or `0.0.0.0` (every IPv4 address)',
      ),
    );

/** A path, relative to the working directory of the process. */
export const path = () => text(4096);

function parseUrl(value: string, schemes: readonly string[]): URL | undefined {
  if (/\s/.test(value) || !URL.canParse(value)) return undefined;
  const url = new URL(value);
  return schemes.includes(url.protocol) && url.hostname !== '' ? url : undefined;
}

const mqttSchemes = ['mqtt:', 'mqtts:'];

export const mqttUrl = () =>
  z.string().check(
    must<string>(
      (value) => parseUrl(value, mqttSchemes) !== undefined,
      'must be a URL that begins with mqtt:// or mqtts://',
      'write for example `mqtt://broker.example:1883` or, encrypted, `mqtts://broker.example:8883`',
    ),
    must<string>(
      (value) => !hasCredentials(value, mqttSchemes),
      'must not contain a user name or password',
      'take them out of the URL and set mqtt.username and mqtt.password (or mqtt.passwordFile)',
    ),
    must<string>(
      (value) => isBare(value, mqttSchemes),
      'must end after host and port',
      'remove path, `?` and `#` from the URL',
    ),
  );

function hasCredentials(value: string, schemes: readonly string[]): boolean {
  const url = parseUrl(value, schemes);
  return url !== undefined && (url.username !== '' || url.password !== '');
}

function isBare(value: string, schemes: readonly string[]): boolean {
  const url = parseUrl(value, schemes);
  return url === undefined || (url.search === '' && url.hash === '' && /^\/?$/.test(url.pathname));
}

const webSchemes = ['https:', 'http:'];

/** `host[:port]` as the argocd command writes it means https; the result has a scheme and no slash at its end. */
export const webUrl = (credentials: string) =>
  z.pipe(
    z.string().check(
      must<string>(
        (value) => parseUrl(withScheme(value), webSchemes) !== undefined,
        'must be a URL that begins with https:// or http://, or host[:port], which means https',
        'write for example `https://argocd.example` or `https://example.org/argo-cd`',
      ),
      must<string>(
        (value) => !hasCredentials(withScheme(value), webSchemes),
        'must not contain a user name or password',
        credentials,
      ),
      must<string>(
        (value) => !/[?#]/.test(value),
        'must not contain `?` or `#`',
        'end the URL after host, port and base path',
      ),
    ),
    z.transform((value: string) => withScheme(value).replace(/\/+$/, '')),
  );

function withScheme(value: string): string {
  return value.includes('://') ? value : `https://${value}`;
}
