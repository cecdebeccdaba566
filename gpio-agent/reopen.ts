/** A pin that failed is opened again after 1 s, then ever later, up to a minute; ours. */
export const reopen = { minMs: 1000, maxMs: 60_000 };
