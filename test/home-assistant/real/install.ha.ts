// Install and "Update all" in a real Home Assistant: one release with one answer for each application, and no Install if
// it is switched off.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { until } from '../../support/wait.ts';
import { access, openInstallation, reason, type Installation } from './installation.ts';

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
  let installation: Installation;
  beforeAll(async () => {
    if (access !== undefined) installation = await openInstallation(access);
    return () => installation.end();
  });
  afterEach(async () => {
    expect(await installation.home.complaints()).toEqual([]);
  });

  const results = () =>
    installation.subscriber
      .messagesOn('release-button/button/main/result')
      .map(({ payload }) => resultSchema.parse(JSON.parse(payload)));
  const features = async (row: string) =>
    (await installation.home.state(row))?.attributes['supported_features'];

  it('of all at once is one release, in which each application has its own answer', async () => {
    const { home } = installation;
    await Promise.all(rows.map((row) => home.shows(row, 'on')));
    // The button on the page does the same: one call for each row.
    await Promise.all(rows.map((row) => home.call('update', 'install', { entity_id: row })));
    await until('both answers', () => results().length === 2);
    expect(results().map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted']);
    expect(new Set(results().map(({ releaseId }) => releaseId)).size).toBe(1);
    await Promise.all(rows.map((row) => home.shows(row, 'off')));
    expect((await installation.argocd.syncs()).map(({ name }) => name).sort()).toEqual(['shop', 'till']);
  });

  it('that is refused shows the reason', async () => {
    const { home } = installation;
    await installation.argocd.post('drift', { app: 'shop' });
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

  it('disappears in place if it is switched off, and the row stays', async () => {
    const { home, kill, start, configure } = installation;
    expect(Number(await features('update.release_button_shop')) & canInstall).toBe(canInstall);
    configure({ homeAssistant: { install: false } });
    await kill('home-assistant');
    await start('home-assistant');
    await until(
      'rows without Install',
      async () =>
        (await Promise.all(rows.map(features))).every(
          (feature) => feature !== undefined && (Number(feature) & canInstall) === 0,
        ),
      30_000,
    );
    await home.shows('update.release_button_shop', 'on');
  });
});
