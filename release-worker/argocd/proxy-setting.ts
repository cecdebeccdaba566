// Which proxy the environment names for Argo CD: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, read as curl and the
// argocd command read them.
import { isLoopback } from '../../config/host.ts';
import { noProxyRule } from './no-proxy.ts';

/** The environment names a proxy that cannot be used. */
export class ProxySettingError extends Error {
  override readonly name = 'ProxySettingError';
}

export interface ProxyChoice {
  readonly proxy: URL | undefined;
  /** For the log: which proxy is used or not, and by which rule. Undefined where no proxy is named. */
  readonly said: string | undefined;
  /** For the log: what NO_PROXY has that is no rule. */
  readonly warnings: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * None for this very machine, whose addresses mean something else to a proxy.
 * @throws ProxySettingError where the proxy that is to be used cannot be
 */
export function proxyFor(server: string, env: Environment = process.env): ProxyChoice {
  const url = new URL(server);
  const named = firstOf(env, [`${url.protocol.replace(':', '')}_proxy`, 'all_proxy']);
  if (named === undefined) return { proxy: undefined, said: undefined, warnings: [] };
  const none = (why: string, warnings: readonly string[] = []): ProxyChoice => ({
    proxy: undefined,
    said: `Argo CD is asked without the proxy of ${named.name}: ${why}`,
    warnings,
  });
  if (isLoopback(url.hostname)) return none(`${url.hostname} is this machine`);
  const except = firstOf(env, ['no_proxy']);
  const { rule, unusable } = noProxyRule(except?.value ?? '', url);
  const warnings = unusable.map(
    (entry) =>
      `${except?.name ?? 'NO_PROXY'} has "${entry}", which is no name, address or range of addresses: it has no effect. Write names without https://, such as corp.example or argocd.corp.example:8443, and ranges such as 10.0.0.0/8`,
  );
  if (rule !== undefined) return none(`${except?.name ?? 'NO_PROXY'} has ${rule}`, warnings);
  const proxy = parse(named);
  return { proxy, said: `Argo CD is asked through the proxy ${proxy.host} (${named.name})`, warnings };
}

interface Named {
  readonly name: string;
  readonly value: string;
}

/** Of two spellings the lower case one wins, as with curl. */
function firstOf(env: Environment, names: readonly string[]): Named | undefined {
  for (const name of names.flatMap((lower) => [lower, lower.toUpperCase()])) {
    const value = env[name]?.trim();
    if (value !== undefined && value !== '') return { name, value };
  }
  return undefined;
}

function parse({ name, value }: Named): URL {
  // `"proxy` would do as the name of a host.
  if (/^["'`]/.test(value))
    throw new ProxySettingError(
      `the proxy in ${name} is in quotes, which belong to the value here. Write it without quotes: \`docker --env-file\` keeps them`,
    );
  const text = /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // Never the text itself: it may have a password in it.
  if (url === undefined || url.hostname === '' || !canDecode(url))
    throw new ProxySettingError(
      `the proxy in ${name} is no URL. Write http://host:port, with user:password@ (encoded as in URLs) before the host where it wants a login, or name the host of Argo CD in NO_PROXY`,
    );
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new ProxySettingError(
      `the proxy ${url.host} in ${name} is one for ${url.protocol}//, which the release worker does not speak. Name one for http:// or https://, or the host of Argo CD in NO_PROXY`,
    );
  return url;
}

function canDecode({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username);
    decodeURIComponent(password);
    return true;
  } catch {
    return false;
  }
}
