// The Argo CD that the worker watches and releases through.
import * as z from 'zod/mini';
import { refused, section } from '../section.ts';
import { setting } from '../setting.ts';
import { parseHeaders, tokenFault } from '../argocd-secrets.ts';
import { flag, path, text, webUrl, wholeNumber } from '../formats.ts';
import { isLoopback } from '../host.ts';

const token = z.string().check(
  z.minLength(1),
  z.maxLength(16_384),
  z.refine<string>((value) => tokenFault(value) === undefined, {
    error: ({ input }) => (typeof input === 'string' ? tokenFault(input) : undefined),
    params: { remedy: 'copy the token again, alone, as one line and without quotes' },
  }),
);

/** Node and most servers accept 16 KiB of headers. */
const headers = z.string().check(
  z.minLength(1),
  z.maxLength(16_384),
  z.refine<string>((value) => parseHeaders(value).fault === undefined, {
    error: ({ input }) => (typeof input === 'string' ? parseHeaders(input).fault : undefined),
    params: { remedy: 'write each header as `Name: value`, on its own line' },
  }),
);

export const argocd = section(
  {
    server: setting(webUrl('remove them from the URL, and set argocd.token'), {
      doc: 'The address of Argo CD: https://host or https://host/base-path. Without a scheme, host[:port] means https, as with the argocd command.',
      env: 'ARGOCD_SERVER',
      example: 'https://argocd.example',
      whenMissing:
        'set argocd.server in the file, or the variable RELEASE_BUTTON_ARGOCD_SERVER or ARGOCD_SERVER, for example to https://argocd.example',
    }),
    token: setting(token, {
      doc: 'The token of an Argo CD account that may get and sync the applications. You can set username and password instead.',
      secret: true,
      env: 'ARGOCD_AUTH_TOKEN',
      whenMissing:
        'create one with `argocd account generate-token --account release-button`. Then set the variable RELEASE_BUTTON_ARGOCD_TOKEN or ARGOCD_AUTH_TOKEN to it, or write it to a file and set argocd.tokenFile or RELEASE_BUTTON_ARGOCD_TOKEN_FILE to the path. Or set argocd.username and argocd.password instead',
    }),
    username: setting(text(256), {
      doc: 'Instead of a token: a local account of Argo CD. The worker logs in with it, and logs in again before each session ends. Not for single sign-on.',
      example: 'release-button',
    }),
    password: setting(text(4096), { doc: 'The password of username.', secret: true }),
    headers: setting(headers, {
      doc: 'Additional headers for every request to Argo CD, for example for an access proxy in front of it: one `Name: value` per line.',
      secret: true,
      example: 'CF-Access-Client-Id: 1234.access',
    }),
    caFile: setting(path(), {
      doc: 'A PEM file with the CA certificates for checking Argo CD, in place of the well-known ones. Relative to the working directory.',
      certificates: true,
      example: './argocd-ca.pem',
    }),
    insecure: setting(flag(), {
      doc: "True: Argo CD's certificate is not checked, so anybody on the network path can read the token. Prefer caFile.",
      default: false,
    }),
    requestTimeoutMs: setting(wholeNumber(100, 300_000), {
      doc: 'How long one request to Argo CD may take.',
      default: 10_000,
    }),
    externalUrl: setting(webUrl('remove them from the URL: people get links that begin with it'), {
      doc: 'The address with which links for people begin. Not set: server.',
      example: 'https://argocd.example',
    }),
  },
  (values, { error, warning }) => {
    const { token, username, password, headers: extra } = values;
    const server =
      values.server === undefined || values.server === refused ? undefined : new URL(values.server);
    if (token !== undefined && (username !== undefined || password !== undefined))
      error(
        [username === undefined ? 'password' : 'username'],
        'is set, but argocd.token is set too, so it is unclear which of them to use',
        'keep one: argocd.token, or argocd.username and argocd.password',
      );
    else if (username !== undefined && password === undefined)
      error(['username'], 'is set, but argocd.password is not', 'set argocd.passwordFile too');
    else if (password !== undefined && username === undefined)
      error(['password'], 'is set, but argocd.username is not', 'set argocd.username too');

    const sent =
      token !== undefined
        ? 'the Argo CD token goes'
        : password !== undefined
          ? 'the Argo CD password goes'
          : extra !== undefined
            ? 'argocd.headers go'
            : undefined;
    if (sent !== undefined && server?.protocol === 'http:' && !isLoopback(server.hostname))
      warning(['server'], `${sent} to ${server.host} unencrypted`, 'use https://');
    if (values.insecure === true && values.server !== refused && server?.protocol !== 'http:')
      warning(
        ['insecure'],
        'argocd.insecure: the certificate of Argo CD is not checked, so anybody between the worker and Argo CD can read the token',
        'set argocd.caFile instead',
      );
  },
);
