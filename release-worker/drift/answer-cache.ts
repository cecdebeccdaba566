// Answers that are valid for a while, by question. A question that is being asked is not asked twice.

export interface AnswerCache<Answer> {
  /** The last answer, even if it has expired */
  of(key: string): Answer | undefined;
  has(key: string): boolean;
  /** True if there is no answer, or it has expired */
  isDue(key: string): boolean;
  /** In monotonic milliseconds. -Infinity: never */
  askedAt(key: string): number;
  /**
   * A caller during a running question gets its answer.
   * @param anew asks even if the last answer is valid
   * @param forMs how long the new answer is valid, in milliseconds
   * @throws the error of `question`; the last answer stays
   */
  ask(key: string, anew: boolean, forMs: number, question: () => Promise<Answer>): Promise<Answer>;
  put(key: string, answer: Answer, forMs: number): void;
  /** Includes questions that are being asked. */
  forget(key: string): void;
}

/** @param options.max more answers than this make it forget all. Absent: the caller removes what is gone */
export function createAnswerCache<Answer>({
  now,
  max = Infinity,
}: {
  readonly now: () => number;
  readonly max?: number;
}): AnswerCache<Answer> {
  const entries = new Map<string, { readonly answer: Answer; readonly at: number; readonly until: number }>();
  const underWay = new Map<string, Promise<Answer>>();

  const put = (key: string, answer: Answer, forMs: number) => {
    if (entries.size >= max && !entries.has(key)) entries.clear();
    entries.set(key, { answer, at: now(), until: now() + forMs });
  };
  const isDue = (key: string) => now() >= (entries.get(key)?.until ?? -Infinity);

  return {
    of: (key) => entries.get(key)?.answer,
    has: (key) => entries.has(key),
    isDue,
    askedAt: (key) => entries.get(key)?.at ?? -Infinity,
    ask: (key, anew, forMs, question) => {
      const joined = underWay.get(key);
      if (joined !== undefined) return joined;
      const last = entries.get(key);
      if (!anew && last !== undefined && !isDue(key)) return Promise.resolve(last.answer);
      const asked: Promise<Answer> = question()
        .then((answer) => {
          // If `forget` was called meanwhile, nobody needs the answer.
          if (underWay.get(key) === asked) put(key, answer, forMs);
          return answer;
        })
        .finally(() => {
          if (underWay.get(key) === asked) underWay.delete(key);
        });
      underWay.set(key, asked);
      return asked;
    },
    put,
    forget: (key) => {
      entries.delete(key);
      underWay.delete(key);
    },
  };
}
