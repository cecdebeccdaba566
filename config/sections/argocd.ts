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
    params: { remedy: 'write each header as `Name: value` in a line of its own' },
  }),
);

export const argocd = section(
  {
    server: setting(webUrl('take them out of the URL; Argo CD wants a token, argocd.token'), {
      doc: 'Argo CD, as https://host or https://host/base-path; host[:port] without scheme means https, as with the argocd command.',
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
        'make one with `argocd account generate-token --account release-button` and set the variable RELEASE_BUTTON_ARGOCD_TOKEN or ARGOCD_AUTH_TOKEN, or put it into a file and set argocd.tokenFile or RELEASE_BUTTON_ARGOCD_TOKEN_FILE; or set argocd.username and argocd.password instead',
    }),
    username: setting(text(256), {
      doc: 'In place of a token: a local account of Argo CD. The worker logs in with it, and again before each session ends. Not for single sign-on.',
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
      doc: "Does not check Argo CD's certificate, so anybody on the network path can read the token. Prefer caFile.",
      default: false,
    }),
    requestTimeoutMs: setting(wholeNumber(100, 300_000), {
      doc: 'How long one request to Argo CD may take.',
      default: 10_000,
    }),
    externalUrl: setting(webUrl('take them out of the URL; it is shown to people'), {
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
        'is set, and argocd.token too: it is not clear as whom to ask Argo CD',
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
        "argocd.insecure: Argo CD's certificate is not checked; whoever sits in between reads the token",
        'set argocd.caFile instead',
      );
  },
);
