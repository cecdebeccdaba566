import { describe, expect, test } from 'vitest';
import { arrange, promisesRun, type Arrangement } from './arrange.ts';

const keyLine = 22;
const config = { keySwitches: [{ id: 'key', button: 'main' }] };

async function ready(arrangement: Arrangement & { readonly foundOn?: boolean } = {}) {
  const arranged = arrange({ config, ...arrangement });
  const { clock, driver, fake, start } = arranged;
  if (arrangement.foundOn === true) driver.setPressed(keyLine, true);
  await start();
  const turn = (on: boolean) => {
    driver.setPressed(keyLine, on);
    clock.advance(100);
  };
  const said = () =>
    fake.now.filter(({ topic }) => topic === 'button/main/arm').map(({ message }) => message);
  return { ...arranged, turn, said };
}

describe('a key switch', () => {
  for (const edges of [true, false])
    test(`of a driver ${edges ? 'with edges' : 'that samples'} reports each turn once`, async () => {
      const { clock, fake, turn, said } = await ready({ edges });
      fake.connect();
      turn(true);
      clock.advance(60_000);
      turn(false);
      expect(said()).toEqual(['off', 'on', 'off']);
    });

  test('bounces and settles like a button', async () => {
    const { clock, driver, fake, said } = await ready();
    fake.connect();
    for (let index = 0; index < 9; index += 1) {
      driver.setPressed(keyLine, index % 2 === 0);
      clock.advance(5);
    }
    clock.advance(30);
    expect(said()).toEqual(['off', 'on']);
  });

  test('found on at the start reports nothing until it is turned off and on', async () => {
    const { fake, turn, said } = await ready({ foundOn: true });
    fake.connect();
    expect(said()).toEqual(['off']);
    turn(false);
    expect(said()).toEqual(['off']);
    turn(true);
    expect(said()).toEqual(['off', 'on']);
  });

  test('turned off without a broker reports it on the next connection; turned on it does not', async () => {
    const { fake, turn, said } = await ready();
    fake.connect();
    turn(true);
    fake.disconnect();
    turn(false);
    await promisesRun();
    expect(said()).toEqual(['off', 'on']);
    fake.connect();
    expect(said()).toEqual(['off', 'on', 'off']);
    fake.disconnect();
    turn(true);
    fake.connect();
    expect(said()).toHaveLength(3);
  });

  test('whose line is lost reports off, and on again only after a turn', async () => {
    const { clock, driver, fake, turn, said } = await ready();
    fake.connect();
    turn(true);
    driver.fail(keyLine, 'the line is gone');
    clock.advance(1000);
    expect(said()).toEqual(['off', 'on', 'off']);
    driver.fail(keyLine, undefined);
    clock.advance(60_000);
    expect(said()).toHaveLength(3);
    turn(false);
    turn(true);
    expect(said()).toEqual(['off', 'on', 'off', 'on']);
  });

  test('reports off when the agent stops', async () => {
    const { agent, fake, turn, said } = await ready();
    fake.connect();
    turn(true);
    await agent.stop();
    expect(said()).toEqual(['off', 'on', 'off']);
  });
});
