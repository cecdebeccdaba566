// What Home Assistant sees and does, with real processes, and with the clients of mosquitto in its place: discovery, its
// birth message, presses from the announced entities, and availability when a process is killed.
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

describe.skipIf(!hasMosquitto)('the Home Assistant part (skipped without mosquitto-clients)', () => {
  let running: SeparateInstallation | undefined;
  afterEach(async () => {
    await running?.workplace.clear();
    running = undefined;
  });

  const arrange = async (applications: Applications, env: Readonly<Record<string, string>> = {}) => {
    const installation = (running = await startSeparately(applications, {
      // A killed process is noticed at once, because its connection closes. A paused process is noticed by the
      // keep-alive.
      RELEASE_BUTTON_MQTT_KEEP_ALIVE_SECONDS: '2',
      ...env,
    }));
    const service = installation.startHomeAssistant();
    const componentsOn = (topic: string): Readonly<Record<string, Component>> => {
      const payload = installation.subscriber.messagesOn(topic).at(-1)?.payload ?? '';
      const decoded = discoveryConfig.codec.decode(Buffer.from(payload));
      return decoded.ok ? decoded.value.components : {};
    };
    const component = (topic: string, key: string): Component => {
      const component = componentsOn(topic)[key];
      if (component === undefined) throw new Error(`no ${key} in ${topic}`);
      return component;
    };
    const option = (component: Component, key: string) => String(component[key]);
    const announced = async (...keys: string[]) => {
      await until(
        `${keys.join(', ')} to be announced`,
        () =>
          installation.subscriber.messagesOn(agentTopic).length > 0 &&
          keys.every((key) => key in componentsOn(workerTopic)),
      );
    };
    /** Publishes the payload of an entity to its topic, as Home Assistant does. */
    const command = (component: Component, payload: string) =>
      publish(installation.brokerUrl, ['-q', '1', '-t', option(component, 'command_topic'), '-m', payload]);
    /** Evaluates only the time in the template. A real Home Assistant evaluates all of it. */
    const press = (component: Component) =>
      command(
        component,
        option(component, 'command_template')
          .replace('{{ utcnow().isoformat() }}', new Date().toISOString().replace('Z', '000+00:00'))
          .replace(/\{\{ \(utcnow\(\)[^}]*\}\}/, String(Date.now() * 1000)),
      );
    return { installation, service, componentsOn, component, option, announced, command, press };
  };

  it('announces every entity once, then nothing, and all of them again on the birth message of Home Assistant', async () => {
    const { installation, service, announced, component } = await arrange([{ name: 'shop', drifted: true }]);
    await announced('app_argocd_shop');
    for (const topic of [agentTopic, workerTopic]) {
      const [message, ...otherMessages] = installation.subscriber.messagesOn(topic);
      expect(otherMessages).toEqual([]);
      expect(faultsOf(JSON.parse(message?.payload ?? ''))).toEqual([]);
    }
    expect(component(workerTopic, 'app_argocd_shop')).toMatchObject({
      platform: 'update',
      state_topic: 'release-button/worker/main/app/argocd/shop',
    });

    publish(installation.brokerUrl, ['-t', 'homeassistant/status', '-m', 'online']);
    await until('all of it again', () =>
      [agentTopic, workerTopic].every((topic) => installation.subscriber.messagesOn(topic).length === 2),
    );

    // A second Home Assistant part, and the same part again, find nothing to change.
    service.signal('SIGTERM');
    await service.exited;
    const second = installation.startHomeAssistant();
    await second.untilOutput('connected to the broker');
    await stays(
      'nothing to be said',
      () =>
        [agentTopic, workerTopic].every((topic) => installation.subscriber.messagesOn(topic).length === 2),
      5_000,
    );
  });

  it('announces each of two workers separately, and removes only the one that is removed for good', async () => {
    const { installation, announced, componentsOn } = await arrange([{ name: 'shop', drifted: true }]);
    const { workplace, brokerUrl, subscriber } = installation;
    const production = 'homeassistant/device/release-button_worker_production/config';
    const argocd = await controlOf(workplace.startArgoCd());
    await argocd.post('world', worldOf([{ name: 'shop' }, { name: 'till' }]));
    await announced('app_argocd_shop');
    // This worker selects nothing. In an earlier version, that removed the applications of the other worker.
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

  it('announces a button that releases, a freeze that stops all releases, and an Install that releases only its application', async () => {
    const { installation, announced, component, option, command, press } = await arrange([
      { name: 'shop', drifted: true },
      { name: 'till', drifted: true },
    ]);
    await announced('app_argocd_shop', 'app_argocd_till', 'release_main');
    const freeze = component(workerTopic, 'freeze');
    command(freeze, option(freeze, 'payload_on'));
    await installation.untilSignal('blocked');
    press(component(workerTopic, 'release_main'));
    await until('the refusal', () => installation.subscriber.latest(result));
    expect(installation.subscriber.latest(result)).toMatchObject({
      outcome: 'rejected',
      reason: 'frozen',
      message: expect.stringContaining('Home Assistant'),
    });
    // The state may come after the signal and the result.
    const state = () => installation.subscriber.latest('release-button/worker/main/freeze/state');
    await until('the state', () => state()?.['frozen'] === true);
    expect(state()).toMatchObject({ by: 'Home Assistant' });
    command(freeze, option(freeze, 'payload_off'));
    await installation.untilSignal('drifted');

    const install = component(workerTopic, 'app_argocd_till');
    command(install, option(install, 'payload_install'));
    await until('the end of its release', () =>
      installation.subscriber.latest('release-button/worker/main/release/last'),
    );
    expect((await installation.argocd.syncs()).map(({ name }) => name)).toEqual(['till']);
    expect(installation.subscriber.latest('release-button/worker/main/release/last')).toMatchObject({
      source: 'home-assistant',
      outcome: 'succeeded',
    });

    await installation.untilSignal('drifted');
    press(component(workerTopic, 'release_main'));
    await installation.untilSignal('clear');
    expect((await installation.argocd.syncs()).map(({ name }) => name)).toEqual(['till', 'shop']);
  });

  it('shows within the keep-alive which process is offline, and when it is back', async () => {
    const { installation, announced, component } = await arrange([{ name: 'shop', drifted: true }], {
      RELEASE_BUTTON_WORKER_DRIFT_MAX_AGE_MS: '3000',
      RELEASE_BUTTON_WORKER_DRIFT_LIST_EVERY_MS: '1000',
    });
    await announced('drift');
    const topicOf = (component: Component): readonly string[] => {
      const list: unknown = component['availability'];
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
          installation.subscriber.messagesOn(`release-button/${role}/main/availability`).at(-1)?.payload ===
          value,
      );
    await is('agent', 'online');
    // A kill closes the connection. A pause shows only in the silence of the process.
    installation.agent.signal('SIGKILL');
    await is('agent', 'offline');
    installation.startAgent();
    await is('agent', 'online');
    installation.worker.signal('SIGSTOP');
    await is('worker', 'offline');
    installation.worker.signal('SIGCONT');
    await is('worker', 'online');
    // Without Argo CD, the worker no longer vouches for its state.
    installation.simulator.signal('SIGKILL');
    await until(
      'drift to be unknown',
      () => installation.subscriber.latest('release-button/worker/main/drift')?.['state'] === 'unknown',
    );
    expect(installation.subscriber.latest('release-button/worker/main/drift')).toMatchObject({
      fresh: false,
    });
  });

  it('announces everything again to an embedded broker that has lost it', async () => {
    const { installation, announced } = await arrange([{ name: 'shop' }]);
    await announced('drift');
    installation.broker.signal('SIGKILL');
    await installation.broker.exited;
    await installation.startBroker();
    const restarted = installation.workplace.spawn('mosquitto_sub', [
      '-p',
      new URL(installation.brokerUrl).port,
      '-t',
      'homeassistant/device/+/config',
      '-F',
      '%t',
    ]);
    await restarted.untilOutput(agentTopic);
    await restarted.untilOutput(workerTopic);
  });

  it('removes entities that vanished after a broker had lost them', async () => {
    const { installation, service, announced } = await arrange([{ name: 'shop' }]);
    await announced('app_argocd_shop');
    service.signal('SIGTERM');
    await service.exited;
    installation.broker.signal('SIGKILL');
    await installation.broker.exited;
    await installation.startBroker();
    const subscriber = subscribe(installation.workplace, installation.brokerUrl, ['homeassistant/#']);
    installation.workplace.start(['home-assistant'], {
      RELEASE_BUTTON_MQTT_URL: installation.brokerUrl,
      RELEASE_BUTTON_HOME_ASSISTANT_MAX_APPLICATIONS: '0',
    });
    await until(
      'the farewell, and the message that is free of it',
      () => subscriber.messagesOn(workerTopic).length === 2,
    );
    const [farewell, freeEnv] = subscriber.messagesOn(workerTopic).map(({ payload }) => payload);
    expect(farewell).toContain('"app_argocd_shop":{"platform":"update"}');
    expect(freeEnv).not.toContain('app_argocd_shop');
  });

  it('removes its own announcements with `clean`, and nothing else', async () => {
    const { installation, service, announced } = await arrange([{ name: 'shop' }]);
    const foreignTopic = 'homeassistant/device/0x1234/config';
    const foreignDevice = { device: {}, origin: { name: 'zigbee2mqtt' }, components: {} };
    publish(installation.brokerUrl, ['-r', '-t', foreignTopic, '-m', JSON.stringify(foreignDevice)]);
    await announced('drift');
    service.signal('SIGTERM');
    await service.exited;
    const run = async () => {
      const clean = installation.workplace.start(['home-assistant', 'clean'], {
        RELEASE_BUTTON_MQTT_URL: installation.brokerUrl,
      });
      const { code } = await clean.exited;
      return { code, output: clean.output() };
    };
    expect(await run()).toEqual({
      code: 0,
      output: 'removed: release-button_agent_main\nremoved: release-button_worker_main\n',
    });
    for (const topic of [agentTopic, workerTopic])
      expect(installation.subscriber.messagesOn(topic).at(-1)?.payload).toBe('');
    expect(installation.subscriber.messagesOn(foreignTopic)).toHaveLength(1);
    expect(await run()).toEqual({
      code: 0,
      output: 'nothing was announced for release-button below homeassistant/device/\n',
    });
  });
});
