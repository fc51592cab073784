// Loaded into a process of the program before it starts (`--import`): on SIGUSR2 it does what no code of the program does.
const HOW = process.env.CRASH_BY ?? '';

process.on('SIGUSR2', () => {
  // As the client of Redis makes them: the command that failed, with its arguments, is a field of the error.
  const error = Object.assign(new Error('something went wrong'), {
    command: { name: 'auth', args: [process.env.CANARY] },
  });
  if (HOW === 'rejection') void Promise.reject(error);
  else throw error;
});
