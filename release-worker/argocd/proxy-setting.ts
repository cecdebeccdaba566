// Which proxy the environment variables HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY name for Argo CD. They are read as
// curl and the argocd command read them.
import { isLoopback } from '../../config/host.ts';
import { noProxyRule } from './no-proxy.ts';

/** The environment names a proxy that cannot be used. */
export class ProxySettingError extends Error {
  override readonly name = 'ProxySettingError';
}

export interface ProxyChoice {
  readonly proxy: URL | undefined;
  /** For the log: which proxy is used or not, and why. Undefined if the environment names no proxy. */
  readonly decision: string | undefined;
  /** For the log: NO_PROXY entries that have no effect. */
  readonly warnings: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A server on this machine is always asked directly, because its address means another machine to a proxy.
 * @throws ProxySettingError when the proxy for this server cannot be used
 */
export function proxyFor(server: string, env: Environment = process.env): ProxyChoice {
  const url = new URL(server);
  const named = firstOf(env, [`${url.protocol.replace(':', '')}_proxy`, 'all_proxy']);
  if (named === undefined) return { proxy: undefined, decision: undefined, warnings: [] };
  const none = (why: string, warnings: readonly string[] = []): ProxyChoice => ({
    proxy: undefined,
    decision: `requests to Argo CD do not use the proxy of ${named.name}: ${why}`,
    warnings,
  });
  if (isLoopback(url.hostname)) return none(`${url.hostname} is this machine`);
  const except = firstOf(env, ['no_proxy']);
  const { rule, unusable } = noProxyRule(except?.value ?? '', url);
  const warnings = unusable.map(
    (entry) =>
      `${except?.name ?? 'NO_PROXY'} contains "${entry}", which has no effect, because it is not a name, an address or an address range. Write names without https://, such as corp.example or argocd.corp.example:8443, and ranges such as 10.0.0.0/8`,
  );
  if (rule !== undefined) return none(`${except?.name ?? 'NO_PROXY'} contains ${rule}`, warnings);
  const proxy = parse(named);
  return { proxy, decision: `requests to Argo CD use the proxy ${proxy.host} (${named.name})`, warnings };
}

interface Named {
  readonly name: string;
  readonly value: string;
}

/** The lower-case spelling wins, as with curl. */
function firstOf(env: Environment, names: readonly string[]): Named | undefined {
  for (const name of names.flatMap((lower) => [lower, lower.toUpperCase()])) {
    const value = env[name]?.trim();
    if (value !== undefined && value !== '') return { name, value };
  }
  return undefined;
}

function parse({ name, value }: Named): URL {
  // URL accepts `"proxy` as a host name.
  if (/^["'`]/.test(value))
    throw new ProxySettingError(
      `the proxy in ${name} is in quotes, which are part of the value. Write it without quotes: \`docker --env-file\` keeps them`,
    );
  const text = /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The message must not contain the value, because it may contain a password.
  if (url === undefined || url.hostname === '' || !canDecode(url))
    throw new ProxySettingError(
      `the proxy in ${name} is not a URL. Write http://host:port, with user:password@ (URL-encoded) before the host if the proxy requires a login, or name the host of Argo CD in NO_PROXY`,
    );
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new ProxySettingError(
      `the proxy ${url.host} in ${name} uses ${url.protocol}//, which the release worker does not support. Name a proxy with http:// or https://, or the host of Argo CD in NO_PROXY`,
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
