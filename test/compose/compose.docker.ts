// docker-compose.yml as a user runs it: built, started, pressed from outside, with each container killed, and stopped.
// Run by `npm run test:compose`, not by `npm test`, because it needs a Docker engine.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import {
  createWorkplace,
  publish,
  subscribe,
  type Subscriber,
  type Workplace,
} from '../support/processes.ts';
import { freePort } from '../support/ports.ts';
import { hasMosquitto } from '../support/programs.ts';
import { until } from '../support/wait.ts';
import { buildImage, docker, dockerOk, hasDocker, inspect, namelessImages } from './engine.ts';
import { deployments, drift } from './simulator.ts';

const project = 'release-button-test';
const image = `release-button:${packageJson.version}`;
const services = ['broker', 'gpio-agent', 'release-worker', 'home-assistant', 'argocd-simulator'] as const;
type Service = (typeof services)[number];
const gpio = ['-f', 'docker-compose.yml', '-f', 'docker-compose.gpio.yml'];

const prefix = 'release-button';
const led = `${prefix}/led/main/state`;

describe.skipIf(!hasDocker || !hasMosquitto)(
  'docker-compose.yml (skipped without a Docker engine or mosquitto-clients)',
  () => {
    let workplace: Workplace;
    let brokerUrl: string;
    let simulatorUrl: string;
    let env: Readonly<Record<string, string>>;
    let subscriber: Subscriber;
    const figures: string[] = [];

    const compose = (...args: string[]) => dockerOk(['compose', '-p', project, ...args], env);
    const idOf = (service: Service) => compose('ps', '--all', '--quiet', service).trim();
    const container = (service: Service) => {
      const [line] = inspect([idOf(service)]);
      if (line === undefined) throw new Error(`no container of ${service}`);
      return line;
    };
    const light = () => subscriber.latest(led)?.['pattern'];
    const untilLight = (pattern: string) =>
      until(`the light ${pattern}; it is ${String(light())}`, () => light() === pattern, 60_000);
    /** Starts a new subscriber after a restart of the broker. */
    const listenAgain = async () => {
      subscriber = subscribe(workplace, brokerUrl);
      await until('what is retained', () => subscriber.latest(`${prefix}/button/main/signal`), 60_000);
    };
    const pressAndRelease = async () => {
      await until('something to release', () => light() === 'on', 60_000);
      const before = await deployments(simulatorUrl);
      const drifted = Number(subscriber.latest(`${prefix}/button/main/signal`)?.['outOfSync']);
      publish(brokerUrl, ['-t', `${prefix}/button/main/press`, '-m', 'press']);
      await untilLight('off');
      expect((await deployments(simulatorUrl)) - before).toBe(drifted);
    };

    beforeAll(async () => {
      workplace = createWorkplace();
      const mqtt = await freePort();
      const simulator = await freePort();
      brokerUrl = `mqtt://127.0.0.1:${mqtt}`;
      simulatorUrl = `http://127.0.0.1:${simulator}`;
      env = {
        MQTT_PORT: String(mqtt),
        SIMULATOR_PORT: String(simulator),
        // Variables that a shell may have for other programs. The demo must ignore them.
        ARGOCD_SERVER: 'https://production.example',
        ARGOCD_AUTH_TOKEN: 'production-token',
        RELEASE_BUTTON_MQTT_URL: 'mqtt://production.example:1883',
      };
      buildImage();
    });
    afterAll(async () => {
      docker(['compose', '-p', project, 'down', '--volumes', '--timeout', '15'], env);
      await workplace.clear();
      process.stdout.write(`compose: ${figures.join(', ')}\n`);
    });

    it.each([
      ['as it is', []],
      ['with the variables of .env.example', ['--env-file', '.env.example']],
      ['with the pins', gpio],
    ])('is read without a warning %s', (_, args) => {
      const { code, stdout, err } = docker(['compose', ...args, 'config'], { ...env, GPIO_GID: '997' });
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(stdout).toContain(`image: ${image}`);
    });

    it('builds one image once, and leaves no unnamed image behind', () => {
      const config = dockerOk(['compose', 'config'], env);
      expect(config.match(/^    build:$/gm)).toHaveLength(1);
      const before = namelessImages();
      buildImage();
      expect(namelessImages()).toEqual(before);
    });

    it('explains that the pins need the number of their group', () => {
      const { code, err } = docker(['compose', ...gpio, 'config'], env);
      expect(code).not.toBe(0);
      expect(err).toContain('set GPIO_GID in .env');
    });

    it('has an image without compilers, development packages and sources, and without a privileged user', () => {
      const inImage = (script: string) =>
        dockerOk(['run', '--rm', '--network', 'none', '--entrypoint', 'sh', image, '-c', script]).trim();
      expect(inImage('for p in gcc g++ cc make python3; do command -v $p; done; true')).toBe('');
      const packages = inImage('ls node_modules').split('\n');
      for (const name of Object.keys(packageJson.devDependencies)) expect(packages).not.toContain(name);
      for (const name of Object.keys(packageJson.optionalDependencies)) expect(packages).toContain(name);
      expect(
        inImage('find /app -name "*.ts" -not -path "*/node_modules/*" -o -name "*.map" -path "*/bundle/*"'),
      ).toBe('');
      expect(inImage('id -u')).toBe('1000');
      expect(inImage('touch /app/x 2>&1 || true')).toContain('denied');
      expect(inImage('release-button --version')).toBe(`release-button ${packageJson.version}`);
      const size = (name: string) => Number(dockerOk(['image', 'inspect', '-f', '{{.Size}}', name]));
      const megabytes = (size(image) - size('node:22-bookworm-slim')) / 1e6;
      figures.push(`${megabytes.toFixed(1)} MB on top of node:22-bookworm-slim`);
    });

    it('becomes healthy, and releases on a press from outside', async () => {
      const from = performance.now();
      compose('up', '--detach', '--no-build', '--wait', '--wait-timeout', '120');
      figures.push(`healthy after ${((performance.now() - from) / 1000).toFixed(0)} s`);
      for (const service of services) expect(container(service).State.Health?.Status).toBe('healthy');
      await listenAgain();
      await pressAndRelease();
      expect(subscriber.latest(`${prefix}/worker/main/release/last`)).toMatchObject({ outcome: 'succeeded' });
      expect(
        compose('exec', '-T', 'release-worker', 'cat', '/var/lib/release-button/journal.jsonl'),
      ).toContain('"accepted"');
    });

    it('runs each process without needless rights, and reachable from this machine only', () => {
      for (const service of services) {
        const { Config, HostConfig } = container(service);
        expect(Config.User).toBe('1000:1000');
        expect(Config.Env.filter((variable) => variable.includes('production.example'))).toEqual([]);
        expect(Config.Env.filter((variable) => variable.includes('production-token'))).toEqual([]);
        expect(HostConfig).toMatchObject({
          ReadonlyRootfs: true,
          Privileged: false,
          CapAdd: null,
          CapDrop: ['ALL'],
        });
        expect(HostConfig.SecurityOpt).toEqual(['no-new-privileges:true']);
        for (const { HostIp } of Object.values(HostConfig.PortBindings).flat())
          expect(HostIp).toBe('127.0.0.1');
      }
      expect(Object.keys(container('broker').HostConfig.PortBindings)).toEqual(['1883/tcp']);
    });

    it('survives `docker kill` of the worker: the light shows offline, and is right again after the start', async () => {
      dockerOk(['kill', idOf('release-worker')]);
      await untilLight('double-blink');
      await drift(simulatorUrl);
      compose('start', 'release-worker');
      await untilLight('on');
      await pressAndRelease();
    });

    it('survives `docker kill` of Argo CD: the light shows unknown, and is right again when Argo CD is back', async () => {
      dockerOk(['kill', idOf('argocd-simulator')]);
      // A state of Argo CD counts for a minute at most (worker.drift.maxAgeMs).
      await until('the light to say unknown', () => light() === 'heartbeat', 90_000);
      compose('start', 'argocd-simulator');
      await untilLight('on');
      await pressAndRelease();
    });

    it('survives `docker kill` of the broker: everything is retained again after its start', async () => {
      dockerOk(['kill', idOf('broker')]);
      compose('start', 'broker');
      await listenAgain();
      await until(
        'both to be online',
        () =>
          ['agent', 'worker'].every(
            (role) =>
              subscriber.messagesOn(`${prefix}/${role}/main/availability`).at(-1)?.payload === 'online',
          ),
        60_000,
      );
      await drift(simulatorUrl);
      await pressAndRelease();
    });

    it('survives `docker kill` of the agent: presses from elsewhere still release', async () => {
      dockerOk(['kill', idOf('gpio-agent')]);
      await until(
        'the agent to be offline',
        () => subscriber.messagesOn(`${prefix}/agent/main/availability`).at(-1)?.payload === 'offline',
      );
      await drift(simulatorUrl);
      compose('start', 'gpio-agent');
      await until(
        'the agent to be online',
        () => subscriber.messagesOn(`${prefix}/agent/main/availability`).at(-1)?.payload === 'online',
      );
      await untilLight('on');
      await pressAndRelease();
    });

    it('restarts every process when all of them are killed', async () => {
      // Not by `docker kill`, after which Docker does not restart a container, but as the kernel does when memory runs
      // out.
      for (const service of services) process.kill(container(service).State.Pid, 'SIGKILL');
      const everyService = (condition: (service: Service) => boolean) => services.every(condition);
      await until(
        'the restarts',
        () => everyService((service) => container(service).RestartCount > 0),
        30_000,
      );
      await until(
        'all to be healthy',
        () => everyService((service) => container(service).State.Health?.Status === 'healthy'),
        90_000,
      );
      await listenAgain();
      await pressAndRelease();
    });

    it('names with the pins a device that is not a GPIO chip; a missing device stops only the agent', () => {
      const run = (chip: string) =>
        docker(
          ['compose', '-p', project, ...gpio, 'run', '--rm', '--no-deps', '-T', 'gpio-agent', 'gpio-agent'],
          { ...env, GPIO_GID: '997', GPIO_CHIP: chip },
        );
      const withWrongDevice = run('/dev/null');
      expect(withWrongDevice.code).toBe(3);
      expect(withWrongDevice.err + withWrongDevice.stdout).toContain(
        '/dev/gpiochip0 is not a usable GPIO chip',
      );
      const missing = run('/dev/no-such-chip');
      expect(missing.code).not.toBe(0);
      expect(missing.err).toContain('/dev/no-such-chip');
      expect(container('release-worker').State.Status).toBe('running');
    });

    it('stops in time with exit code 0, and leaves nothing behind', () => {
      compose('stop', '--timeout', '15');
      for (const service of services)
        expect([service, container(service).State.ExitCode]).toEqual([service, 0]);
      compose('down', '--volumes');
      expect(
        dockerOk(['ps', '--all', '--quiet', '--filter', `label=com.docker.compose.project=${project}`]),
      ).toBe('');
      expect(
        dockerOk(['volume', 'ls', '--quiet', '--filter', `label=com.docker.compose.project=${project}`]),
      ).toBe('');
    });
  },
);
