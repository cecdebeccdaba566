// What `release-button config` prints.
import { expect, test } from 'vitest';
import { renderConfig } from '../../config/render.ts';
import { parseYaml } from '../../config/yaml/parse.ts';
import { load } from './support.ts';

test('every key is printed with its value in force and the origin, aligned', async () => {
  const result = await load({
    sections: ['mqtt', 'log'],
    file: 'mqtt:\n  url: mqtt://broker\n',
    env: { RELEASE_BUTTON_MQTT_USERNAME: 'me', RELEASE_BUTTON_MQTT_PASSWORD: 'x' },
    flags: { 'log.level': 'debug' },
  });
  const lines = renderConfig(result).split('\n');
  expect(lines[0]).toBe('# configuration file: config/release-button.yaml');
  expect(lines).toContain('mqtt.url               mqtt://broker   # config/release-button.yaml:2');
  expect(lines).toContain('mqtt.password          ********        # RELEASE_BUTTON_MQTT_PASSWORD');
  expect(lines).toContain('mqtt.caFile            (not set)       # default');
  expect(lines).toContain('log.level              debug           # --log-level');
  const columns = lines.filter((line) => /^(mqtt|log)\./.test(line)).map((line) => line.indexOf('#'));
  expect(new Set(columns).size).toBe(1);
});

test('a list is printed as a YAML block, with its defaults', async () => {
  const result = await load({ sections: ['worker'] });
  const text = renderConfig(result);
  const [, after = ''] = text.split(/^worker\.buttons .*# RELEASE_BUTTON_WORKER_BUTTONS\n/m);
  const block = after.split(/^worker\./m)[0] ?? '';
  expect(parseYaml(block)).toMatchObject({ value: result.config.worker.buttons });
});

test('without a file the output says so, and warnings come first', async () => {
  const text = renderConfig(await load({ env: { ARGOCD_SERVER: 'http://a', ARGOCD_AUTH_TOKEN: 'x' } }));
  expect(text.split('\n').slice(0, 2)).toEqual([
    '# configuration file: none',
    expect.stringMatching(/^# warning: .*unencrypted/),
  ]);
});
