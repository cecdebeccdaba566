// Replies to requests: where they are sent, and where not.
import { expect, it } from 'vitest';
import { createReplies } from '../../release-worker/replies.ts';
import { createFakeLink } from './support/fake-link.ts';

const yes = { ok: true, message: 'done' };

function answering(about: { responseTopic?: string }, id?: string) {
  const fake = createFakeLink();
  createReplies(fake.link, 'release-button', 'main').answer(about, id, yes);
  return fake.published;
}

it('a request with an id gets its reply below `reply/`', () => {
  expect(answering({}, 'r1')).toEqual([{ topic: 'reply/r1', message: { id: 'r1', worker: 'main', ...yes } }]);
});

it('a response topic gets a reply too, at its last level if there is no id', () => {
  expect(answering({ responseTopic: 'release-button/reply/abc' })).toEqual([
    { topic: 'reply/abc', message: { id: 'abc', worker: 'main', ...yes } },
  ]);
  expect(answering({ responseTopic: 'release-button/reply/abc' }, 'r1').map(({ topic }) => topic)).toEqual([
    'reply/abc',
    'reply/r1',
  ]);
});

it.each([
  'release-button/button/main/press',
  'elsewhere/reply/x',
  'release-button/reply/a/b',
  'release-button/reply/+',
])('nothing is sent to %s for another client', (responseTopic) => {
  expect(answering({ responseTopic })).toEqual([]);
});

it('an id that fits no topic gets no reply', () => {
  expect(answering({}, 'a/b')).toEqual([]);
});
