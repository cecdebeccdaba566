/** Our choice: a pin that failed is opened again after 1 s, then after growing pauses of up to a minute. */
export const reopen = { minMs: 1000, maxMs: 60_000 };
