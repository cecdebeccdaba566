// What Home Assistant would see and do, with real processes and mosquitto's clients in its place: discovery, its birth
// message, presses from the entities as announced, and availability when a process is killed.
import { afterEach, describe, expect, it } from 'vitest';
import { discoveryConfig, type Component } from '../../messages/home-assistant.ts';
import { controlOf, worldOf } from '../support/argocd-control.ts';
import { faultsOf } from '../home-assistant/support/discovery-schema.ts';
import { startSeparately, type SeparateInstallation, type Applications } from '../support/installation.ts';
import { publish, subscribe } from '../support/processes.ts';
import { hasMosquitto } from '../support/programs.ts';
import { stays, until } from '../support/wait.ts';

const agentTopic = 'homeassistant/device/release-button_agent_main/config';
const workerTopic = 'homeassistant/device/release-button_worker_main/config';
const result = 'release-button/button/main/result';

describe.skipIf(!hasMosquitto)('home-assistant (skipped without mosquitto-clients)', () => {
  let here: SeparateInstallation | undefined;
  afterEach(async () => {
    await here?.workplace.clear();
    here = undefined;
  });

  const arrange = async (applications: Applications, env: Readonly<Record<string, string>> = {}) => {
    const apart = (here = await startSeparately(applications, {
      // A killed process is noticed by its connection at once, a paused one by the keep-alive.
      RELEASE_BUTTON_MQTT_KEEP_ALIVE_SECONDS: '2',
      ...env,
    }));
    const service = apart.startHomeAssistant();
    const componentsOn = (topic: string): Readonly<Record<string, Component>> => {
      const payload = apart.subscriber.messagesOn(topic).at(-1)?.payload ?? '';
      const decoded = discoveryConfig.codec.decode(Buffer.from(payload));
      return decoded.ok ? decoded.value.components : {};
    };
    const component = (topic: string, key: string): Component => {
      const found = componentsOn(topic)[key];
      if (found === undefined) throw new Error(`no ${key} in ${topic}`);
      return found;
    };
    const option = (found: Component, key: string) => String(found[key]);
    const announced = async (...keys: string[]) => {
      await until(
        `${keys.join(', ')} to be announced`,
        () =>
          apart.subscriber.messagesOn(agentTopic).length > 0 &&
          keys.every((key) => key in componentsOn(workerTopic)),
      );
    };
    /** As Home Assistant does: publishes the payload of the entity to its topic. */
    const command = (found: Component, payload: string) =>
      publish(apart.brokerUrl, ['-q', '1', '-t', option(found, 'command_topic'), '-m', payload]);
    /** Evaluates only the time in its template; a real Home Assistant does the rest. */
    const press = (found: Component) =>
      command(
        found,
        option(found, 'command_template')
          .replace('{{ utcnow().isoformat() }}', new Date().toISOString().replace('Z', '000+00:00'))
          .replace(/\{\{ \(utcnow\(\)[^}]*\}\}/, String(Date.now() * 1000)),
      );
    return { apart, service, componentsOn, component, option, announced, command, press };
  };

  it("announces every entity once, then nothing, and all of them again on Home Assistant's birth message", async () => {
    const { apart, service, announced, component } = await arrange([{ name: 'shop', drifted: true }]);
    await announced('app_argocd_shop');
    for (const topic of [agentTopic, workerTopic]) {
      const [message, ...more] = apart.subscriber.messagesOn(topic);
      expect(more).toEqual([]);
      expect(faultsOf(JSON.parse(message?.payload ?? ''))).toEqual([]);
    }
    expect(component(workerTopic, 'app_argocd_shop')).toMatchObject({
      platform: 'update',
      state_topic: 'release-button/worker/main/app/argocd/shop',
    });

    publish(apart.brokerUrl, ['-t', 'homeassistant/status', '-m', 'online']);
    await until('all of it again', () =>
      [agentTopic, workerTopic].every((topic) => apart.subscriber.messagesOn(topic).length === 2),
    );

    // A second Home Assistant, and the same one again, find everything in order.
    service.signal('SIGTERM');
    await service.exited;
    const second = apart.startHomeAssistant();
    await second.untilOutput('connected to the broker');
    await stays(
      'nothing to be said',
      () => [agentTopic, workerTopic].every((topic) => apart.subscriber.messagesOn(topic).length === 2),
      5_000,
    );
  });

  it('announces each of two workers by itself, and removes only the one that is removed for good', async () => {
    const { apart, announced, componentsOn } = await arrange([{ name: 'shop', drifted: true }]);
    const { workplace, brokerUrl, subscriber } = apart;
    const production = 'homeassistant/device/release-button_worker_production/config';
    const argocd = await controlOf(workplace.startArgoCd());
    await argocd.post('world', worldOf([{ name: 'shop' }, { name: 'till' }]));
    await announced('app_argocd_shop');
    // It selects nothing. That once removed the applications of the other worker.
    const worker = workplace.start(['release-worker'], {
      RELEASE_BUTTON_MQTT_URL: brokerUrl,
      RELEASE_BUTTON_WORKER_ID: 'production',
      RELEASE_BUTTON_WORKER_STATE_DIR: './state-production',
      RELEASE_BUTTON_WORKER_BUTTONS: JSON.stringify([{ id: 'production', select: { names: ['none'] } }]),
      ARGOCD_SERVER: argocd.url,
      ARGOCD_AUTH_TOKEN: 'simulated',
    });
    await until('the second worker to be announced', () => 'release_production' in componentsOn(production));
    expect(componentsOn(production)['release_production']).toMatchObject({
      command_topic: 'release-button/button/production/press',
    });
    expect(Object.keys(componentsOn(production)).filter((key) => key.startsWith('app_'))).toEqual([]);
    await until(
      'its drift',
      () => subscriber.latest('release-button/worker/production/drift')?.['fresh'] === true,
    );
    await stays(
      'one announcement of the first worker',
      () => subscriber.messagesOn(workerTopic).length === 1 && 'app_argocd_shop' in componentsOn(workerTopic),
      2_000,
    );

    worker.signal('SIGKILL');
    await worker.exited;
    await until(
      'the last will',
      () =>
        subscriber.messagesOn('release-button/worker/production/availability').at(-1)?.payload === 'offline',
    );
    const topics = subscriber
      .messages()
      .flatMap(({ topic }) => (topic.includes('/worker/production/') ? [topic] : []));
    for (const topic of new Set(topics)) publish(brokerUrl, ['-r', '-n', '-t', topic]);
    await until('its device to be cleared', () => subscriber.messagesOn(production).at(-1)?.payload === '');
    expect(subscriber.messagesOn(workerTopic)).toHaveLength(1);
  });

  it('its release button releases, its freeze stops all releases, and Install releases only its application', async () => {
    const { apart, announced, component, option, command, press } = await arrange([
      { name: 'shop', drifted: true },
      { name: 'till', drifted: true },
    ]);
    await announced('app_argocd_shop', 'app_argocd_till', 'release_main');
    const freeze = component(workerTopic, 'freeze');
    command(freeze, option(freeze, 'payload_on'));
    await apart.untilSignal('blocked');
    press(component(workerTopic, 'release_main'));
    await until('the refusal', () => apart.subscriber.latest(result));
    expect(apart.subscriber.latest(result)).toMatchObject({
      outcome: 'rejected',
      reason: 'frozen',
      message: expect.stringContaining('Home Assistant'),
    });
    // The state may come after the signal and the answer.
    const state = () => apart.subscriber.latest('release-button/worker/main/freeze/state');
    await until('the state', () => state()?.['frozen'] === true);
    expect(state()).toMatchObject({ by: 'Home Assistant' });
    command(freeze, option(freeze, 'payload_off'));
    await apart.untilSignal('drifted');

    const install = component(workerTopic, 'app_argocd_till');
    command(install, option(install, 'payload_install'));
    await until('the end of its release', () =>
      apart.subscriber.latest('release-button/worker/main/release/last'),
    );
    expect((await apart.argocd.syncs()).map(({ name }) => name)).toEqual(['till']);
    expect(apart.subscriber.latest('release-button/worker/main/release/last')).toMatchObject({
      source: 'home-assistant',
      outcome: 'succeeded',
    });

    await apart.untilSignal('drifted');
    press(component(workerTopic, 'release_main'));
    await apart.untilSignal('clear');
    expect((await apart.argocd.syncs()).map(({ name }) => name)).toEqual(['till', 'shop']);
  });

  it('shows within the keep-alive which process is gone, and when it is back', async () => {
    const { apart, announced, component } = await arrange([{ name: 'shop', drifted: true }], {
      RELEASE_BUTTON_WORKER_DRIFT_MAX_AGE_MS: '3000',
      RELEASE_BUTTON_WORKER_DRIFT_LIST_EVERY_MS: '1000',
    });
    await announced('drift');
    const topicOf = (found: Component): readonly string[] => {
      const list: unknown = found['availability'];
      return Array.isArray(list) ? list.map((item) => String(Reflect.get(Object(item), 'topic'))) : [];
    };
    expect(topicOf(component(workerTopic, 'drift'))).toEqual([
      'release-button/worker/main/availability',
      'release-button/worker/main/drift',
    ]);
    const is = (role: string, value: string) =>
      until(
        `${role} to be ${value}`,
        () =>
          apart.subscriber.messagesOn(`release-button/${role}/main/availability`).at(-1)?.payload === value,
      );
    await is('agent', 'online');
    // A kill closes the connection; a pause only shows in its silence.
    apart.agent.signal('SIGKILL');
    await is('agent', 'offline');
    apart.startAgent();
    await is('agent', 'online');
    apart.worker.signal('SIGSTOP');
    await is('worker', 'offline');
    apart.worker.signal('SIGCONT');
    await is('worker', 'online');
    // Without Argo CD the worker no longer vouches for its state.
    apart.simulator.signal('SIGKILL');
    await until(
      'drift to be unknown',
      () => apart.subscriber.latest('release-button/worker/main/drift')?.['state'] === 'unknown',
    );
    expect(apart.subscriber.latest('release-button/worker/main/drift')).toMatchObject({ fresh: false });
  });

  it('announces everything again to an embedded broker that has lost it', async () => {
    const { apart, announced } = await arrange([{ name: 'shop' }]);
    await announced('drift');
    apart.broker.signal('SIGKILL');
    await apart.broker.exited;
    await apart.startBroker();
    const again = apart.workplace.spawn('mosquitto_sub', [
      '-p',
      new URL(apart.brokerUrl).port,
      '-t',
      'homeassistant/device/+/config',
      '-F',
      '%t',
    ]);
    await again.untilOutput(agentTopic);
    await again.untilOutput(workerTopic);
  });

  it('removes entities that have gone since a broker lost them', async () => {
    const { apart, service, announced } = await arrange([{ name: 'shop' }]);
    await announced('app_argocd_shop');
    service.signal('SIGTERM');
    await service.exited;
    apart.broker.signal('SIGKILL');
    await apart.broker.exited;
    await apart.startBroker();
    const heard = subscribe(apart.workplace, apart.brokerUrl, ['homeassistant/#']);
    apart.workplace.start(['home-assistant'], {
      RELEASE_BUTTON_MQTT_URL: apart.brokerUrl,
      RELEASE_BUTTON_HOME_ASSISTANT_MAX_APPLICATIONS: '0',
    });
    await until(
      'the farewell, and the message that is free of it',
      () => heard.messagesOn(workerTopic).length === 2,
    );
    const [farewell, free] = heard.messagesOn(workerTopic).map(({ payload }) => payload);
    expect(farewell).toContain('"app_argocd_shop":{"platform":"update"}');
    expect(free).not.toContain('app_argocd_shop');
  });

  it('clean removes our announcements and nothing else', async () => {
    const { apart, service, announced } = await arrange([{ name: 'shop' }]);
    const theirs = 'homeassistant/device/0x1234/config';
    const other = { device: {}, origin: { name: 'zigbee2mqtt' }, components: {} };
    publish(apart.brokerUrl, ['-r', '-t', theirs, '-m', JSON.stringify(other)]);
    await announced('drift');
    service.signal('SIGTERM');
    await service.exited;
    const run = async () => {
      const clean = apart.workplace.start(['home-assistant', 'clean'], {
        RELEASE_BUTTON_MQTT_URL: apart.brokerUrl,
      });
      const { code } = await clean.exited;
      return { code, output: clean.output() };
    };
    expect(await run()).toEqual({
      code: 0,
      output: 'removed: release-button_agent_main\nremoved: release-button_worker_main\n',
    });
    for (const topic of [agentTopic, workerTopic])
      expect(apart.subscriber.messagesOn(topic).at(-1)?.payload).toBe('');
    expect(apart.subscriber.messagesOn(theirs)).toHaveLength(1);
    expect(await run()).toEqual({
      code: 0,
      output: 'nothing was announced for release-button below homeassistant/device/\n',
    });
  });
});
