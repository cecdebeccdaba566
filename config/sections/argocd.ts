// The Argo CD that the worker watches and releases through.
import * as z from 'zod/mini';
import { section, setting, type Finding } from '../declare.ts';
import { flag, isLoopback, must, path, webUrl, wholeNumber } from '../formats.ts';

const token = z.string().check(
  z.minLength(1),
  z.maxLength(16_384),
  must<string>(
    (value) => /^[\x21-\x7e]*$/.test(value),
    'must not contain blanks, line breaks or characters that are not ASCII',
    'copy the token again, as one line and without quotes',
  ),
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
      doc: 'The token of an Argo CD account that may get and sync the applications.',
      secret: true,
      env: 'ARGOCD_AUTH_TOKEN',
      whenMissing:
        'make one with `argocd account generate-token --account release-button` and set the variable RELEASE_BUTTON_ARGOCD_TOKEN or ARGOCD_AUTH_TOKEN, or put it into a file and set argocd.tokenFile or RELEASE_BUTTON_ARGOCD_TOKEN_FILE',
    }),
    caFile: setting(path(), {
      doc: 'Certificates (PEM) that Argo CD is checked against instead of the well-known authorities. Relative to the working directory.',
      example: './argocd-ca.pem',
    }),
    insecure: setting(flag(), {
      doc: "Does not check Argo CD's certificate: whoever sits in between reads the token. Prefer caFile.",
      default: false,
    }),
    requestTimeoutMs: setting(wholeNumber(100, 300_000), {
      doc: 'How long one request to Argo CD may take.',
      default: 10_000,
    }),
    externalUrl: setting(webUrl('take them out of the URL; it is shown to people'), {
      doc: 'What links for people begin with, where it differs from server. Not set: server.',
      example: 'https://argocd.example',
    }),
  },
  (values) => {
    const findings: Finding[] = [];
    const server = values.server === undefined ? undefined : new URL(values.server);
    if (values.token !== undefined && server?.protocol === 'http:' && !isLoopback(server.hostname)) {
      findings.push({
        path: ['server'],
        severity: 'warning',
        message: `the Argo CD token goes to ${server.host} unencrypted`,
        remedy: 'use https://',
      });
    }
    if (values.insecure && server?.protocol !== 'http:') {
      findings.push({
        path: ['insecure'],
        severity: 'warning',
        message:
          "argocd.insecure: Argo CD's certificate is not checked; whoever sits in between reads the token",
        remedy: 'set argocd.caFile instead',
      });
    }
    return findings;
  },
);
