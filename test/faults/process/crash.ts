// Loaded into a process of the program before it starts (`--import`): on SIGUSR2 it does what no code of the program does.
const HOW = process.env.CRASH_BY ?? '';

process.on('SIGUSR2', () => {
  // As the client of Redis makes them: the command that failed, with its arguments, is a field of the error.
  const error = Object.assign(new Error('something went wrong'), {
    command: { name: 'auth', args: [process.env.CANARY] },
  });
  if (HOW === 'block') void block();
  else if (HOW === 'rejection') void Promise.reject(error);
  else throw error;
});

/** Takes the event loop for itself, six seconds in three stretches. */
async function block(): Promise<void> {
  for (let stretch = 0; stretch < 3; stretch++) {
    const until = performance.now() + 2_000;
    while (performance.now() < until);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
