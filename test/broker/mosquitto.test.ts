import { spawn } from 'node:child_process';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { hasMosquitto } from '../support/programs.ts';
import { connectClient, payloads, startBroker } from './brokers.ts';
import { patienceMs } from '../support/patience.ts';

const skipNote = hasMosquitto ? '' : ' (skipped: mosquitto_pub and mosquitto_sub are not installed)';

interface Run {
  readonly lines: readonly string[];
  readonly errors: readonly string[];
  readonly exited: Promise<number | null>;
  /** Kills the client, so that it cannot send a DISCONNECT. */
  kill(): void;
}

function run(program: 'mosquitto_pub' | 'mosquitto_sub', port: number, args: string[]): Run {
  const child = spawn(program, ['-h', '127.0.0.1', '-p', String(port), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill());
  let output = '';
  let error = '';
  child.stdout.on('data', (bytes: Buffer) => {
    output += bytes.toString();
  });
  child.stderr.on('data', (bytes: Buffer) => {
    error += bytes.toString();
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once('close', (code) => resolve(code));
  });
  const linesOf = (text: string) => text.split('\n').filter((line) => line !== '');
  return {
    exited,
    kill: () => void child.kill('SIGKILL'),
    get lines() {
      return linesOf(output);
    },
    get errors() {
      return linesOf(error);
    },
  };
}

describe.skipIf(!hasMosquitto)(`the Mosquitto clients${skipNote}`, () => {
  const versions = ['5', '311'] as const;

  test.each(versions)('mosquitto_pub -V %s publishes a press that our client receives', async (version) => {
    const { port, url } = await startBroker();
    const worker = await connectClient(url);
    await worker.mqtt.subscribeAsync('release-button/button/+/press', { qos: 1, rap: true, nl: true });
    const topic = 'release-button/button/main/press';
    const { exited } = run('mosquitto_pub', port, ['-V', version, '-q', '1', '-t', topic, '-m', 'press']);
    expect(await exited).toBe(0);
    await expect.poll(() => payloads(worker.received)).toEqual(['press']);
  });

  test.each(versions)('mosquitto_sub -V %s receives retained, live and cleared messages', async (version) => {
    const { port, url } = await startBroker();
    const { mqtt } = await connectClient(url);
    await mqtt.publishAsync('P/drift', 'kept', { qos: 1, retain: true });
    const args = ['-V', version, '-q', '1', '-t', 'P/#', '-F', '%r %q %t [%p]', '-C', '3'];
    const subscriber = run('mosquitto_sub', port, args);
    await vi.waitUntil(() => subscriber.lines.length === 1, { timeout: patienceMs });
    await mqtt.publishAsync('P/release', 'live', { qos: 1 });
    await mqtt.publishAsync('P/drift', '', { qos: 1, retain: true });
    expect(await subscriber.exited).toBe(0);
    expect(subscriber.lines).toEqual(['1 1 P/drift [kept]', '0 1 P/release [live]', '0 1 P/drift []']);
  });

  test.each(versions)(
    'mosquitto_sub gets a message of mosquitto_pub with QoS 2 over version %s',
    async (version) => {
      const { port, url } = await startBroker();
      const { mqtt } = await connectClient(url);
      await mqtt.publishAsync('ready', 'yes', { qos: 1, retain: true });
      const subscriber = run('mosquitto_sub', port, [
        '-V',
        version,
        '-q',
        '2',
        '-t',
        'a',
        '-t',
        'ready',
        '-C',
        '2',
        '-v',
      ]);
      await vi.waitUntil(() => subscriber.lines.length === 1, { timeout: patienceMs });
      const { exited } = run('mosquitto_pub', port, ['-V', version, '-q', '2', '-t', 'a', '-m', 'once']);
      expect(await exited).toBe(0);
      expect(await subscriber.exited).toBe(0);
      expect(subscriber.lines).toEqual(['ready yes', 'a once']);
    },
  );

  test.each(versions)('the will of a killed mosquitto_sub -V %s is published', async (version) => {
    const { port, url } = await startBroker();
    const watcher = await connectClient(url);
    await watcher.mqtt.subscribeAsync('availability', { qos: 1 });
    await watcher.mqtt.publishAsync('ready', 'yes', { qos: 1, retain: true });
    const will = ['--will-topic', 'availability', '--will-payload', 'offline', '--will-qos', '1'];
    const subscriber = run('mosquitto_sub', port, ['-V', version, '-t', 'ready', ...will]);
    await vi.waitUntil(() => subscriber.lines.length === 1, { timeout: patienceMs });
    subscriber.kill();
    await expect.poll(() => payloads(watcher.received)).toEqual(['offline']);
  });

  test('mosquitto_pub learns over MQTT 5 that its press is denied', async () => {
    const { port } = await startBroker();
    const denied = run('mosquitto_pub', port, ['-V', '5', '-q', '1', '-t', '$SYS/forged', '-m', 'x']);
    await denied.exited;
    expect(denied.errors.join('\n')).toContain('Not authorized');
  });
});
