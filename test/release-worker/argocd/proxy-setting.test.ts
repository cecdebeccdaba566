// The meaning of HTTPS_PROXY and the other proxy variables.
import { describe, expect, it } from 'vitest';
import { proxyFor, ProxySettingError } from '../../../release-worker/argocd/proxy-setting.ts';

describe('a proxy', () => {
  it.each([
    ['HTTPS_PROXY', 'https://argocd.example', true],
    ['https_proxy', 'https://argocd.example', true],
    ['HTTP_PROXY', 'http://argocd.example', true],
    ['http_proxy', 'http://argocd.example', true],
    ['ALL_PROXY', 'https://argocd.example', true],
    ['all_proxy', 'http://argocd.example', true],
    ['HTTP_PROXY', 'https://argocd.example', false],
    ['HTTPS_PROXY', 'http://argocd.example', false],
  ])('of %s is for %s: %s', (name, server, used) => {
    const { proxy } = proxyFor(server, { [name]: 'http://proxy.example:3128' });
    expect(proxy?.host).toBe(used ? 'proxy.example:3128' : undefined);
  });

  it('in lower case wins, and the one for the scheme before the one for all', () => {
    const env = { ALL_PROXY: 'http://all', HTTPS_PROXY: 'http://upper', https_proxy: 'http://lower' };
    expect(proxyFor('https://argocd.example', env).proxy?.host).toBe('lower');
    expect(proxyFor('https://argocd.example', { ...env, https_proxy: '' }).proxy?.host).toBe('upper');
    expect(proxyFor('http://argocd.example', env).proxy?.host).toBe('all');
  });

  it.each([
    ['proxy.example:3128', 'http://proxy.example:3128/'],
    ['proxy.example', 'http://proxy.example/'],
    ['localhost:3128', 'http://localhost:3128/'],
    ['10.0.0.1:3128', 'http://10.0.0.1:3128/'],
    ['[2001:db8::1]:3128', 'http://[2001:db8::1]:3128/'],
    ['user:pass@proxy.example:3128', 'http://user:pass@proxy.example:3128/'],
    ['https://proxy.example', 'https://proxy.example/'],
    [' HTTP://proxy.example ', 'http://proxy.example/'],
  ])('%s is %s, whatever the scheme of Argo CD', (text, url) => {
    for (const scheme of ['https', 'http'])
      expect(proxyFor(`${scheme}://argocd.example`, { ALL_PROXY: text }).proxy?.href).toBe(url);
  });

  it.each(['http://127.0.0.1:8090', 'http://localhost:8090', 'https://[::1]:8443'])(
    'is never asked for this machine (%s): what it is there is another',
    (server) => {
      const { proxy, decision } = proxyFor(server, { ALL_PROXY: 'http://proxy.example' });
      expect(proxy).toBeUndefined();
      expect(decision).toMatch(/do not use the proxy of ALL_PROXY: .* is this machine/);
    },
  );

  it.each([
    ['socks5://somebody:hunter2@proxy.example:1080', /proxy\.example:1080 in ALL_PROXY .*socks5:.*NO_PROXY/],
    ['http://somebody:hunter2@', /not a URL/],
    ['"http://somebody:hunter2@proxy.example"', /in ALL_PROXY is in quotes/],
    ["'proxy.example:3128'", /in ALL_PROXY is in quotes/],
    ['somebody:hunter2@proxy.example:port', /in ALL_PROXY is not a URL/],
    ['http://somebody:hunter2%@proxy.example', /not a URL.*encoded/],
  ])('that cannot be used is refused at the start, without showing a login', (text, words) => {
    let thrown: unknown;
    try {
      proxyFor('https://argocd.example', { ALL_PROXY: text });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ProxySettingError);
    expect(String(thrown)).toMatch(words);
    expect(String(thrown)).not.toMatch(/hunter2|somebody/);
  });

  it('that cannot be used does not matter if NO_PROXY contains the host', () => {
    const env = { ALL_PROXY: 'socks5://proxy.example', NO_PROXY: 'argocd.example' };
    expect(proxyFor('https://argocd.example', env).proxy).toBeUndefined();
  });

  it('is logged without its login, with the variable that it came from', () => {
    const { decision } = proxyFor('https://argocd.example', { HTTPS_PROXY: 'somebody:hunter2@proxy:3128' });
    expect(decision).toBe('requests to Argo CD use the proxy proxy:3128 (HTTPS_PROXY)');
    expect(proxyFor('https://argocd.example', {})).toEqual({
      proxy: undefined,
      decision: undefined,
      warnings: [],
    });
  });
});

describe('NO_PROXY', () => {
  const env = (list: string) => ({ ALL_PROXY: 'proxy.example:3128', NO_PROXY: list });
  const direct = (list: string, server: string) => proxyFor(server, env(list)).proxy === undefined;

  it.each([
    ['corp.example', 'https://corp.example'],
    ['corp.example', 'https://argocd.corp.example'],
    ['corp.example', 'https://a.b.corp.example:8443'],
    ['CORP.Example.', 'https://argocd.corp.example'],
    ['corp.example', 'https://argocd.corp.example.'],
    ['.corp.example', 'https://argocd.corp.example'],
    ['*.corp.example', 'https://argocd.corp.example'],
    ['*', 'https://argocd.corp.example'],
    ['other.example, corp.example', 'https://argocd.corp.example'],
    ['other.example corp.example', 'https://argocd.corp.example'],
    [',,corp.example,', 'https://argocd.corp.example'],
    ['corp.example:8443', 'https://argocd.corp.example:8443'],
    ['corp.example:443', 'https://argocd.corp.example'],
    ['corp.example:80', 'http://argocd.corp.example'],
    ['argocd-server', 'http://argocd-server'],
    ['10.1.2.3', 'https://10.1.2.3'],
    ['10.1.2.3:8443', 'https://10.1.2.3:8443'],
    ['10.0.0.0/8', 'https://10.1.2.3'],
    ['0.0.0.0/0', 'https://10.1.2.3'],
    ['2001:db8::1', 'https://[2001:db8::1]'],
    ['[2001:db8::1]', 'https://[2001:db8::1]'],
    ['2001:0DB8:0::1', 'https://[2001:db8::1]'],
    ['[2001:db8::1]:8443', 'https://[2001:db8::1]:8443'],
    ['2001:db8::/32', 'https://[2001:db8:1::2]'],
  ])('%s has %s', (list, server) => {
    expect(direct(list, server)).toBe(true);
  });

  it.each([
    ['', 'https://argocd.corp.example'],
    ['corp.example', 'https://notcorp.example'],
    ['corp.example', 'https://corp.example.evil'],
    ['argocd.corp.example', 'https://corp.example'],
    ['.corp.example', 'https://corp.example'],
    ['*.corp.example', 'https://corp.example'],
    ['corp.example:8443', 'https://argocd.corp.example'],
    ['10.1.2.3', 'https://10.1.2.4'],
    ['10.1.2.3:8443', 'https://10.1.2.3'],
    ['10.0.0.0/8', 'https://11.1.2.3'],
    ['10.0.0.0/8', 'https://argocd.corp.example'],
    ['2001:db8::/32', 'https://[2001:db9::1]'],
    ['2001:db8::/32', 'https://10.1.2.3'],
    ['0.0.0.0/0', 'https://[2001:db8::1]'],
  ])('%s does not have %s', (list, server) => {
    expect(direct(list, server)).toBe(false);
    expect(proxyFor(server, env(list)).warnings).toEqual([]);
  });

  it('is logged with the entry that matched', () => {
    const { decision } = proxyFor('https://argocd.corp.example', env('10.0.0.0/8, corp.example, *'));
    expect(decision).toBe(
      'requests to Argo CD do not use the proxy of ALL_PROXY: NO_PROXY contains corp.example',
    );
  });

  it.each([
    'https://corp.example',
    '10.0.0.0/33',
    '2001:db8::/129',
    'corp.example/8',
    'a..b',
    '*corp.example',
  ])('says of %s that it has no effect', (entry) => {
    const { proxy, warnings } = proxyFor('https://argocd.corp.example', env(`other.example,${entry}`));
    expect(proxy?.host).toBe('proxy.example:3128');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`"${entry}"`);
  });

  it('may have many entries', () => {
    const list = Array.from({ length: 10_000 }, (_, index) => `host-${index}.example`).join(',');
    expect(direct(list, 'https://argocd.host-9999.example')).toBe(true);
    expect(direct(list, 'https://argocd.host-10000.example')).toBe(false);
  });
});
