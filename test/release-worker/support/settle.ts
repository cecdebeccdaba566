// Lets everything run that needs no more time: promises, and what they lead to.
export async function settle(): Promise<void> {
  for (let round = 0; round < 10; round += 1)
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
}
