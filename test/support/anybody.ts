/** Acts as a user who owns nothing, because root may do everything. */
export async function asAnybody<Result>(act: () => Promise<Result>): Promise<Result> {
  const { geteuid, seteuid } = process;
  if (seteuid === undefined || geteuid?.() !== 0) return act();
  seteuid(65_534);
  try {
    return await act();
  } finally {
    seteuid(0);
  }
}
