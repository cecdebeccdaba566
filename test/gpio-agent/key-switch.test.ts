import { describe, expect, test } from 'vitest';
import { arrange, promisesRun, type Arrangement } from './arrange.ts';

const keyLine = 22;
const config = { keySwitches: [{ id: 'key', button: 'main' }] };

async function ready(arrangement: Arrangement & { readonly foundOn?: boolean } = {}) {
  const agentOnPins = arrange({ config, ...arrangement });
  const { clock, driver, fake, start } = agentOnPins;
  if (arrangement.foundOn === true) driver.setPressed(keyLine, true);
  await start();
  const turn = (on: boolean) => {
    driver.setPressed(keyLine, on);
    clock.advance(100);
  };
  const published = () =>
    fake.sentNow.filter(({ topic }) => topic === 'button/main/arm').map(({ message }) => message);
  return { ...agentOnPins, turn, published };
}

describe('a key switch', () => {
  for (const edges of [true, false])
    test(`of a driver ${edges ? 'with edges' : 'that samples'} reports each turn once`, async () => {
      const { clock, fake, turn, published } = await ready({ edges });
      fake.connect();
      turn(true);
      clock.advance(60_000);
      turn(false);
      expect(published()).toEqual(['off', 'on', 'off']);
    });

  test('bounces and settles like a button', async () => {
    const { clock, driver, fake, published } = await ready();
    fake.connect();
    for (let index = 0; index < 9; index += 1) {
      driver.setPressed(keyLine, index % 2 === 0);
      clock.advance(5);
    }
    clock.advance(30);
    expect(published()).toEqual(['off', 'on']);
  });

  test('that is on at the start reports nothing until it is turned off and on', async () => {
    const { fake, turn, published } = await ready({ foundOn: true });
    fake.connect();
    expect(published()).toEqual(['off']);
    turn(false);
    expect(published()).toEqual(['off']);
    turn(true);
    expect(published()).toEqual(['off', 'on']);
  });

  test('that is turned off without a broker reports this on the next connection; turning it on is not reported', async () => {
    const { fake, turn, published } = await ready();
    fake.connect();
    turn(true);
    fake.disconnect();
    turn(false);
    await promisesRun();
    expect(published()).toEqual(['off', 'on']);
    fake.connect();
    expect(published()).toEqual(['off', 'on', 'off']);
    fake.disconnect();
    turn(true);
    fake.connect();
    expect(published()).toHaveLength(3);
  });

  test('whose line is lost reports off, and reports on only after another turn', async () => {
    const { clock, driver, fake, turn, published } = await ready();
    fake.connect();
    turn(true);
    driver.fail(keyLine, 'the line is gone');
    clock.advance(1000);
    expect(published()).toEqual(['off', 'on', 'off']);
    driver.fail(keyLine, undefined);
    clock.advance(60_000);
    expect(published()).toHaveLength(3);
    turn(false);
    turn(true);
    expect(published()).toEqual(['off', 'on', 'off', 'on']);
  });

  test('reports off when the agent stops', async () => {
    const { agent, fake, turn, published } = await ready();
    fake.connect();
    turn(true);
    await agent.stop();
    expect(published()).toEqual(['off', 'on', 'off']);
  });
});
