// docker-compose.yml as docs/install-docker.md sets it up: with a token, and with an existing broker that asks for a
// password.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  chownSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { passwordFile } from '../service/mosquitto.ts';
import {
  createWorkplace,
  publish,
  subscribe,
  type Running,
  type Subscriber,
  type Workplace,
} from '../support/processes.ts';
import { freePort } from '../support/ports.ts';
import { hasMosquitto, hasMosquittoBroker } from '../support/programs.ts';
import { until } from '../support/wait.ts';
import { buildImage, docker, dockerOk, hasDocker } from './engine.ts';

const root = join(import.meta.dirname, '../..');
const project = 'release-button-test-own';
const password = 'the-password-of-the-broker';
const services = ['gpio-agent', 'release-worker', 'home-assistant', 'argocd-simulator'] as const;

/** As the page says, root gives the files to another user, and any other user keeps them. */
const isRoot = process.getuid?.() === 0;
const uid = isRoot ? 1001 : (process.getuid?.() ?? 1000);
const gid = isRoot ? 1001 : (process.getgid?.() ?? 1000);

describe.skipIf(!hasDocker || !hasMosquitto || !hasMosquittoBroker)(
  'an installation with an existing broker (skipped without a Docker engine or mosquitto)',
  () => {
    let workplace: Workplace;
    /** a copy of the checkout, because settings and secrets are written into it */
    let folder: string;
    let mosquitto: Running;
    let subscriber: Subscriber;
    /** the broker's address for the tests, on this machine and without a password */
    let brokerUrl: string;

    const composed = (args: readonly string[]) => ['compose', '-p', project, ...args];
    const compose = (...args: string[]) => docker(composed(args), {}, folder);
    const composeOk = (...args: string[]) => dockerOk(composed(args), {}, folder);
    const inContainer = (service: string, script: string) =>
      composeOk('exec', '-T', service, 'sh', '-c', script).trim();
    const secret = (path: string, content: string) => {
      const file = join(folder, 'secrets', path);
      writeFileSync(`${file}.new`, `${content}\n`, { mode: 0o600 });
      if (isRoot) chownSync(`${file}.new`, uid, gid);
      renameSync(`${file}.new`, file);
    };

    beforeAll(async () => {
      workplace = createWorkplace();
      folder = join(workplace.directory, 'installation');
      mkdirSync(folder);
      for (const part of ['docker-compose.yml', '.env.example', 'config', 'secrets'])
        cpSync(join(root, part), join(folder, part), { recursive: true });

      const passwordPort = await freePort('0.0.0.0');
      const openPort = await freePort();
      const simulator = await freePort();
      brokerUrl = `mqtt://127.0.0.1:${openPort}`;
      const mosquittoFile = join(workplace.directory, 'mosquitto.conf');
      writeFileSync(
        mosquittoFile,
        [
          ...(isRoot ? ['user root'] : []),
          'per_listener_settings true',
          `listener ${passwordPort} 0.0.0.0`,
          `password_file ${passwordFile(workplace.directory, 'button', password)}`,
          `listener ${openPort} 127.0.0.1`,
          'allow_anonymous true',
          '',
        ].join('\n'),
      );
      mosquitto = workplace.spawn('mosquitto', ['-c', mosquittoFile]);

      // The simulated Argo CD stands for the user's own.
      const example = readFileSync(join(folder, '.env.example'), 'utf8').replace(
        'SIMULATORS=0',
        'SIMULATORS=1',
      );
      writeFileSync(
        join(folder, '.env'),
        `${example}BROKERS=0\nRUN_AS=${uid}:${gid}\nSIMULATOR_PORT=${simulator}\n`,
      );
      writeFileSync(
        join(folder, 'config/release-button.yaml'),
        `mqtt:
  url: mqtt://host.docker.internal:${passwordPort}
  username: button
  passwordFile: /run/secrets/mqtt/password
argocd:
  server: http://argocd-simulator:8081
  tokenFile: /run/secrets/argocd/token
worker:
  buttons:
    - id: main
      select: { labels: { release-button/simulated: 'true' } }
`,
      );
      secret('argocd/token', 'simulated');
      secret('mqtt/password', password);
      buildImage();
    });
    afterAll(async () => {
      compose('down', '--volumes', '--timeout', '15');
      await workplace.clear();
    });

    it('becomes healthy with that broker, and starts no other broker', () => {
      composeOk('up', '--detach', '--no-build', '--wait', '--wait-timeout', '150');
      expect(composeOk('ps', '--services').trim().split('\n').sort()).toEqual([...services].sort());
    });

    it('releases on a press at that broker', async () => {
      subscriber = subscribe(workplace, brokerUrl);
      const signal = () => subscriber.latest('release-button/button/main/signal')?.['signal'];
      await until('drift', () => signal() === 'drifted', 60_000);
      publish(brokerUrl, ['-t', 'release-button/button/main/press', '-m', 'press']);
      await until(
        'the release',
        () => subscriber.latest('release-button/worker/main/release/last')?.['outcome'] === 'succeeded',
        60_000,
      );
    });

    it('gives each process only the secrets that it needs, in files that only their owner may read', () => {
      for (const path of ['argocd/token', 'mqtt/password']) {
        const { mode, uid: owner } = statSync(join(folder, 'secrets', path));
        expect([path, (mode & 0o777).toString(8), owner]).toEqual([path, '600', uid]);
      }
      const sees = (service: string) =>
        inContainer(service, 'cat /run/secrets/*/* 2>/dev/null || true')
          .split('\n')
          .filter((line) => line !== '');
      expect(sees('release-worker')).toEqual(['simulated', password]);
      expect(sees('gpio-agent')).toEqual([password]);
      expect(sees('home-assistant')).toEqual([password]);
      expect(sees('argocd-simulator')).toEqual([]);
      const inspection = dockerOk(['inspect', ...composeOk('ps', '--quiet').trim().split('\n')]);
      expect(inspection).not.toContain(password);
    });

    it('uses a replaced token without a restart', () => {
      secret('argocd/token', 'another');
      expect(inContainer('release-worker', 'cat /run/secrets/argocd/token')).toBe('another');
      secret('argocd/token', 'simulated');
    });

    it('warns of an environment variable that leads to another broker than the file', () => {
      const config = composeOk(
        'run',
        '--rm',
        '--no-deps',
        '-T',
        '-e',
        'RELEASE_BUTTON_MQTT_URL=mqtt://elsewhere:1883',
        'release-worker',
        'config',
        'release-worker',
      );
      expect(config).toMatch(
        /warning: mqtt\.url is mqtt:\/\/elsewhere:1883, from RELEASE_BUTTON_MQTT_URL, which overrides the different value in config\/release-button\.yaml:2/,
      );
    });

    it('gives the reason when that broker is away', async () => {
      mosquitto.signal('SIGTERM');
      await mosquitto.exited;
      await until(
        'the worker to say so',
        () =>
          compose(
            'exec',
            '-T',
            'release-worker',
            'release-button',
            'health',
            'release-worker',
          ).stdout.includes('cannot be reached'),
        60_000,
      );
      const doctor = compose('run', '--rm', '--no-deps', '-T', 'release-worker', 'doctor', 'release-worker');
      expect(doctor.code).toBe(1);
      expect(doctor.stdout.replace(/\s+/g, ' ')).toMatch(
        /✗ broker the broker at mqtt:\/\/host\.docker\.internal:\d+ cannot be reached/,
      );
    });

    it('names a missing settings file, and creates no folder of that name', () => {
      const { code, err } = docker(
        composed(['run', '--rm', '--no-deps', '-T', 'release-worker', 'config', 'release-worker']),
        { BUTTON_CONFIG: 'absent.yaml' },
        folder,
      );
      expect(code).not.toBe(0);
      expect(err).toContain('config/absent.yaml');
      expect(existsSync(join(folder, 'config/absent.yaml'))).toBe(false);
    });
  },
);
