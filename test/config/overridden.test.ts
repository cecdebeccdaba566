// A variable that leads to another server than the file is used, with a warning.
import { expect, test } from 'vitest';
import { load } from './support.ts';

const file = 'mqtt: {url: mqtt://broker:1883}\nargocd: {server: "https://argocd.example"}\n';

test('a variable that gives another broker or Argo CD than the file causes a warning', async () => {
  const { config, warnings } = await load({
    file,
    env: { RELEASE_BUTTON_MQTT_URL: 'mqtt://elsewhere:1883', ARGOCD_SERVER: 'https://elsewhere.example' },
  });
  expect(config.mqtt.url).toBe('mqtt://elsewhere:1883');
  expect(warnings).toEqual([
    'mqtt.url is mqtt://elsewhere:1883, from RELEASE_BUTTON_MQTT_URL, which overrides the different value in config/release-button.yaml:1: unset RELEASE_BUTTON_MQTT_URL, or remove mqtt.url from the file',
    'argocd.server is https://elsewhere.example, from ARGOCD_SERVER, which overrides the different value in config/release-button.yaml:2: unset ARGOCD_SERVER, or remove argocd.server from the file',
  ]);
});

test.each([
  ['gives the same server', { file, env: { RELEASE_BUTTON_MQTT_URL: 'mqtt://broker:1883' } }],
  [
    'gives a server that the file does not mention',
    { file: '', env: { ARGOCD_SERVER: 'https://one.example' } },
  ],
  [
    'is weaker than a flag',
    { file, env: { RELEASE_BUTTON_MQTT_URL: 'mqtt://a:1' }, flags: { 'mqtt.url': 'mqtt://b:1' } },
  ],
  [
    'is weaker than what the demo sets',
    {
      file,
      env: { ARGOCD_SERVER: 'https://one.example' },
      forced: { origin: 'the demo', values: { 'argocd.server': 'http://127.0.0.1:8081' } },
    },
  ],
  [
    'sets something other than an address',
    { file: 'mqtt: {topicPrefix: a}', env: { RELEASE_BUTTON_MQTT_TOPIC_PREFIX: 'b' } },
  ],
])('a variable causes no warning if it %s', async (_, given) => {
  expect((await load(given)).warnings).toEqual([]);
});
