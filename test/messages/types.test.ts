// What must not compile. `npm run check:types` fails when one of the marked lines begins to compile. If JavaScript can
// run such a line, its effect is checked too.
import { describe, expect, test } from 'vitest';
import { agentAvailability } from '../../messages/agent.ts';
import { buttonArm, buttonSignal, buttonState } from '../../messages/button.ts';
import { channel } from '../../messages/channel.ts';
import { word } from '../../messages/codec.ts';
import { app } from '../../messages/drift.ts';
import { examples } from '../../tools/message-examples.ts';
import { ledSet, ledState } from '../../messages/led.ts';
import { buttonPress, buttonResult } from '../../messages/press.ts';
import type { Link } from '../../service/link/link.ts';

/** Has the types of the real link: the address alone determines what may be sent. */
const sent: unknown[] = [];
const publish: Link['publish'] = (_, message) => void sent.push(message);
const publishNow: Link['publishNow'] = (_, message) => {
  sent.push(message);
  return Promise.resolve('acknowledged');
};
const main = { button: 'main' };

describe('a topic does not compile', () => {
  test('without its parameter', () => {
    // @ts-expect-error the button is missing
    expect(() => buttonPress.at({})).toThrow('<button> is missing in the topic button/<button>/press');
    // @ts-expect-error the name is missing
    expect(() => app.at({ worker: 'main', namespace: 'argocd' })).toThrow('<name> is missing');
    // @ts-expect-error both are missing
    expect(() => buttonPress.at()).toThrow(TypeError);
  });

  test('with a parameter of another name', () => {
    // @ts-expect-error a press has no LED
    expect(() => buttonPress.at({ led: 'main' })).toThrow('<button> is missing');
    // @ts-expect-error a misspelt parameter of a filter would match everything
    expect(buttonPress.filter({ buton: 'main' }).filter).toBe('button/+/press');
    // @ts-expect-error a parameter beside those of the topic
    expect(buttonPress.at({ button: 'main', led: 'main' }).topic).toBe('button/main/press');
  });

  test('with a parameter that is not a string', () => {
    // @ts-expect-error ids are strings
    expect(() => buttonPress.at({ button: undefined })).toThrow(RangeError);
  });

  test('with a placeholder that has no rule', () => {
    const about = { kind: 'event', qos: 1, from: ['agent'], summary: '' } as const;
    // @ts-expect-error no source of the press is given
    const finger = channel('finger/<finger>', about, word(['up', 'down']));
    expect(finger.template).toBe('finger/<finger>');
  });
});

describe('a message does not compile', () => {
  test('on the topic of another row', () => {
    // @ts-expect-error the state of a LED is not the state of a button
    publish(buttonState.at(main), examples.ledState);
    // @ts-expect-error a result is no signal
    publish(buttonSignal.at(main), examples.buttonResult);
    // @ts-expect-error availability is not arming
    publish(buttonArm.at(main), 'online');
    // @ts-expect-error a pattern name is not availability
    publish(agentAvailability.at({ agent: 'main' }), 'sos');
    expect(sent.splice(0)).toHaveLength(4);
  });

  test('without a member', () => {
    // @ts-expect-error the worker that vouches for the signal is missing
    publish(buttonSignal.at(main), { signal: 'clear', outOfSync: 0, blocked: 0, at: '' });
    // @ts-expect-error nearly all is missing
    publish(buttonResult.at(main), { pressId: 'b7e0' });
    // @ts-expect-error a pattern says whether it is repeated
    publish(ledSet.at({ led: 'main' }), { steps: [{ on: true, ms: 100 }] });
    expect(sent.splice(0)).toHaveLength(3);
  });

  test('with a misspelt member', () => {
    // @ts-expect-error gestur
    publish(buttonPress.at(main), { gestur: 'press' });
    // @ts-expect-error untill
    publish(buttonSignal.at(main), { ...examples.buttonSignal, untill: '' });
    expect(sent.splice(0)).toHaveLength(2);
  });

  test('with a misspelt word', () => {
    // @ts-expect-error doubel
    publish(buttonPress.at(main), { gesture: 'doubel' });
    // @ts-expect-error heart-beat
    publish(ledSet.at({ led: 'main' }), 'heart-beat');
    // @ts-expect-error signals are not patterns
    publish(ledState.at({ led: 'main' }), { ...examples.ledState, pattern: 'drifted' });
    // @ts-expect-error a reason that is not in the contract
    publish(buttonResult.at(main), { ...examples.buttonResult, reason: 'no-idea' });
    expect(sent.splice(0)).toHaveLength(4);
  });

  test('with undefined for an optional member', () => {
    // @ts-expect-error absent is absent
    publish(buttonPress.at(main), { id: undefined });
    expect(sent.splice(0)).toHaveLength(1);
  });

  test('when state is sent as an event', () => {
    // @ts-expect-error state is remembered and published again; only events are sent now or never
    void publishNow(buttonState.at(main), examples.buttonState);
    expect(sent.splice(0)).toHaveLength(1);
  });
});

test('correct code compiles', () => {
  publish(buttonSignal.at(main), examples.buttonSignal);
  publish(ledSet.at({ led: 'main' }), 'heartbeat');
  publish(app.at({ worker: 'main', namespace: 'argocd', name: 'guestbook' }), examples.app);
  void publishNow(buttonPress.at(main), {});
  expect(sent.splice(0)).toEqual([examples.buttonSignal, 'heartbeat', examples.app, {}]);
});
