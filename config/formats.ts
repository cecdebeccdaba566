// The kinds of values that settings have: numbers in a range, names, hosts, URLs. People see their messages and remedies.
import * as z from 'zod/mini';
import { idPattern } from '../messages/ids.ts';
import { brokerUrl, urlFault, webUrlWanted } from './problems/url-fault.ts';

/** A refinement whose error carries a remedy. */
export function must<T>(test: (value: T) => boolean, error: string, remedy: string, path?: PropertyKey[]) {
  return z.refine<T>((value) => test(value), { error, params: { remedy }, ...(path && { path }) });
}

/** Text whose form only a function can check. */
export function textThat(test: (value: string) => boolean, error: string, remedy: string) {
  return z.string().check(must<string>(test, error, remedy));
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

export function oneOf<const V extends readonly string[]>(values: V) {
  return z.enum(values);
}

export const id = () =>
  textThat(
    (value) => idPattern.test(value),
    'must be an id: 1 to 63 characters from a-z, 0-9, - and _, beginning with a letter or digit',
    'choose an id such as `main` or `office-2`',
  );

export const host = () =>
  z.string().check(
    must<string>(
      (value) => !/^[^:]+:\d+$/.test(value),
      'must be a host without its port',
      'write the port under its own key, `port`',
    ),
    must<string>(
      (value) => /^[^:]+:\d+$/.test(value) || /^[A-Za-z0-9._:%-]{1,253}$/.test(value),
      'must be a host name or an IP address, without scheme and port',
      'write for example `127.0.0.1` (this machine only) or `0.0.0.0` (every IPv4 address)',
    ),
  );

/** A path, relative to the working directory of the process. */
export const path = () => text(4096);

/** Says what is wrong with a URL. Further checks run only on a valid URL. */
function url(wanted: typeof brokerUrl) {
  return z.refine<string>((value) => urlFault(value, wanted) === undefined, {
    error: ({ input }) => (typeof input === 'string' ? urlFault(input, wanted)?.message : undefined),
    params: { remedyOf: (value: string) => urlFault(value, wanted)?.remedy },
    abort: true,
  });
}

export const mqttUrl = () =>
  z.string().check(
    url(brokerUrl),
    must<string>(
      (value) => !hasCredentials(value),
      'must not contain a user name or password',
      'remove them from the URL, and set mqtt.username and mqtt.password (or mqtt.passwordFile)',
    ),
    must<string>(isBare, 'must end after host and port', 'remove the path, `?` and `#` from the URL'),
  );

function hasCredentials(value: string): boolean {
  const { username, password } = new URL(value);
  return username !== '' || password !== '';
}

function isBare(value: string): boolean {
  const { search, hash, pathname } = new URL(value);
  return search === '' && hash === '' && /^\/?$/.test(pathname);
}

/** `host[:port]` means https, as with the argocd command. The result has a scheme and no slash at its end. */
export const webUrl = (credentials: string) =>
  z.pipe(
    z.string().check(
      url(webUrlWanted),
      must<string>(
        (value) => !hasCredentials(withScheme(value)),
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
