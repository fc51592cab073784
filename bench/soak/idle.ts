// Nothing but a timer that never fires: the probe, which is loaded before, answers.
setInterval(() => undefined, 2 ** 31 - 1);
