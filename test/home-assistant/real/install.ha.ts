// Install and "Update all" in a real Home Assistant: one release, one answer for each, and none where it is not wanted.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { until } from '../../support/wait.ts';
import { access, openHouse, reason, type House } from './house.ts';

const rows = ['update.release_button_shop', 'update.release_button_till'];
/** The bit of `supported_features`. Source: `UpdateEntityFeature` of Home Assistant. */
const canInstall = 1;

const resultSchema = z.object({
  outcome: z.string(),
  reason: z.exactOptional(z.string()),
  releaseId: z.exactOptional(z.string()),
  message: z.string(),
});

describe.skipIf(access === undefined)(`Install in a real Home Assistant ${reason}`, () => {
  let house: House;
  beforeAll(async () => {
    if (access !== undefined) house = await openHouse(access);
    return () => house.end();
  });
  afterEach(async () => {
    expect(await house.home.complaints()).toEqual([]);
  });

  const results = () =>
    house.heard
      .messagesOn('release-button/button/main/result')
      .map(({ payload }) => resultSchema.parse(JSON.parse(payload)));
  const features = async (row: string) => (await house.home.state(row))?.attributes['supported_features'];

  it('of all at once is one release, in which each has its own answer', async () => {
    const { home } = house;
    await Promise.all(rows.map((row) => home.shows(row, 'on')));
    // As the page's button does it: one call for each row.
    await Promise.all(rows.map((row) => home.call('update', 'install', { entity_id: row })));
    await until('both answers', () => results().length === 2);
    expect(results().map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted']);
    expect(new Set(results().map(({ releaseId }) => releaseId)).size).toBe(1);
    await Promise.all(rows.map((row) => home.shows(row, 'off')));
    expect((await house.argocd.syncs()).map(({ name }) => name).sort()).toEqual(['shop', 'till']);
  });

  it('that is refused is seen, with the reason', async () => {
    const { home } = house;
    await house.argocd.post('drift', { app: 'shop' });
    await home.shows('update.release_button_shop', 'on');
    await home.call('switch', 'turn_on', { entity_id: 'switch.release_button_freeze' });
    await home.shows('switch.release_button_freeze', 'on');
    await home.call('update', 'install', { entity_id: 'update.release_button_shop' });
    await until('the refusal in Home Assistant', async () => {
      const { attributes = {} } = (await home.state('event.release_button_press_result')) ?? {};
      return attributes['event_type'] === 'rejected' && attributes['reason'] === 'frozen';
    });
    await home.call('switch', 'turn_off', { entity_id: 'switch.release_button_freeze' });
    await home.shows('switch.release_button_freeze', 'off');
  });

  it('is taken away in place where somebody does not want it, and the row stays', async () => {
    const { home, kill, start, configure } = house;
    expect(Number(await features('update.release_button_shop')) & canInstall).toBe(canInstall);
    configure({ homeAssistant: { install: false } });
    await kill('home-assistant');
    await start('home-assistant');
    await until(
      'rows without Install',
      async () =>
        (await Promise.all(rows.map(features))).every(
          (of) => of !== undefined && (Number(of) & canInstall) === 0,
        ),
      30_000,
    );
    await home.shows('update.release_button_shop', 'on');
  });
});
