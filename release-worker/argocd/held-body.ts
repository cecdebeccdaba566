// The body of a request. The headers go out with its first piece, so that a body that waits holds the whole request back.
import type { ClientRequest } from 'node:http';
import { whenItStands } from './connections.ts';

export interface Body {
  readonly content: string | AsyncGenerator<string>;
  readonly length: number;
  /** To be told of the request that it goes out with. */
  readonly onRequest: (request: ClientRequest) => void;
  /** it still waits, so that nothing can have gone out */
  readonly held: boolean;
  /** why it is not to go out */
  readonly refusal: { readonly error: unknown } | undefined;
}

/** @param ready awaited when the connection stands, and before anything goes out; what it throws becomes `refusal` */
export function createBody(text: string, ready: (() => Promise<void>) | undefined): Body {
  const length = Buffer.byteLength(text);
  if (ready === undefined)
    return { content: text, length, onRequest: () => {}, held: false, refusal: undefined };
  let held = true;
  let refusal: Body['refusal'];
  let standing = () => {};
  const stands = new Promise<void>((resolve) => {
    standing = resolve;
  });
  const whenReady = async function* () {
    await stands;
    try {
      await ready();
    } catch (error) {
      refusal = { error };
      throw error;
    }
    held = false;
    yield text;
  };
  return {
    content: whenReady(),
    length,
    onRequest: (request) => whenItStands(request, standing),
    get held() {
      return held;
    },
    get refusal() {
      return refusal;
    },
  };
}
