// Creates the client of Argo CD from the configuration: server, proxy, certificates and secrets.
import { parseHeaders, tokenFault } from '../../config/argocd-secrets.ts';
import { certificateFault, maximumPemBytes } from '../../config/certificates.ts';
import { readText } from '../../config/read-text.ts';
import { readPem } from '../../config/read-pem.ts';
import type { Config } from '../../config/sections.ts';
import type { Context } from '../../service/context.ts';
import { createArgoCd, type ArgoCd } from './client.ts';
import type { HttpOptions } from './http.ts';
import { proxyFor } from './proxy-setting.ts';
import { fixedSecret, secretInFile, type ParseSecret, type SecretSource } from './secret-source.ts';

export interface ArgoCdFromConfig {
  readonly argocd: Config['argocd'];
  /** the files that secrets come from, by key, such as `argocd.token` */
  readonly secretFiles: ReadonlyMap<string, string>;
  /** base URL; may differ from `argocd.server` */
  readonly server: string;
}

/** @throws ProxySettingError, FileError or TypeError when the configuration cannot be used */
export function argocdFromConfig(
  options: ArgoCdFromConfig,
  context: Pick<Context, 'clock' | 'log' | 'random'> & Pick<HttpOptions, 'onAnswer'>,
): ArgoCd {
  const { argocd, server } = options;
  const { log, onAnswer } = context;
  const { proxy, decision, warnings } = proxyFor(server);
  for (const warning of warnings) log.warn(warning);
  if (decision !== undefined) log.info(decision);
  return createArgoCd({
    ...secretsOf(options, context),
    server,
    proxy,
    clock: context.clock,
    random: context.random,
    log,
    insecure: argocd.insecure,
    requestTimeoutMs: argocd.requestTimeoutMs,
    ...(onAnswer === undefined ? {} : { onAnswer }),
    ...(argocd.caFile === undefined ? {} : { ca: certificatesIn(argocd.caFile, context) }),
  });
}

/** The file is read again while the worker runs: Argo CD renews its own certificate when it expires. */
function certificatesIn(file: string, context: Pick<Context, 'clock' | 'log'>): SecretSource<string> {
  const key = 'argocd.caFile';
  const text = readPem(file, key);
  return secretInFile({
    ...context,
    key,
    file,
    first: { text, value: text },
    parse: (pem) => {
      const fault = certificateFault(pem);
      return fault === undefined ? { value: pem } : { fault: fault.message };
    },
    read: (path) => readText(path, maximumPemBytes),
  });
}

/** Secrets from files are read again while the worker runs. All others stay as they are. */
function secretsOf(
  { argocd, secretFiles }: ArgoCdFromConfig,
  context: Pick<Context, 'clock' | 'log'>,
): Pick<HttpOptions, 'credentials' | 'headers'> {
  const source = <Value>(name: string, text: string, parse: ParseSecret<Value>): SecretSource<Value> => {
    const parsed = parse(text);
    if (parsed.fault !== undefined) throw new TypeError(`argocd.${name} ${parsed.fault}`);
    const file = secretFiles.get(`argocd.${name}`);
    if (file === undefined) return fixedSecret(parsed.value);
    const first = { text, value: parsed.value };
    return secretInFile({ ...context, key: `argocd.${name}File`, file, first, parse });
  };
  const { token, username, password, headers } = argocd;
  const extra =
    headers === undefined
      ? {}
      : {
          headers: source('headers', headers, (text) => {
            const parsed = parseHeaders(text);
            return parsed.fault === undefined ? { value: parsed.headers } : parsed;
          }),
        };
  if (token !== undefined)
    return {
      ...extra,
      credentials: {
        tokenFile: secretFiles.get('argocd.token'),
        token: source('token', token, (text) => {
          const fault = tokenFault(text);
          return fault === undefined ? { value: text } : { fault };
        }),
      },
    };
  if (username === undefined || password === undefined)
    throw new TypeError('argocd has neither a token nor username and password');
  return {
    ...extra,
    credentials: { username, password: source('password', password, (text) => ({ value: text })) },
  };
}
