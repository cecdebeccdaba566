// The refusal that comes of a call.
import { ArgoCdError } from '../../../release-worker/argocd/errors.ts';

/** The ArgoCdError that the call ends with; anything else fails the test. */
export async function refusalOf(call: Promise<unknown>): Promise<ArgoCdError> {
  let answer: unknown;
  try {
    answer = await call;
  } catch (error) {
    if (error instanceof ArgoCdError) return error;
    throw error;
  }
  throw new Error(`it was not refused: ${JSON.stringify(answer)?.slice(0, 300) ?? 'undefined'}`);
}
