import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { eventually } from '../servers/process.ts';
import { NAMES, numberOf } from './contents.ts';
import { openFolder, startChild } from './helper.ts';

t.setTimeout(300_000);

const ROUNDS = 100;

t.test(
  `${ROUNDS} times killed while it writes: each file is whole, and what was written is there`,
  async (t) => {
    const root = t.testdir();
    const folder = join(root, 'state');
    const log = join(root, 'written');
    let cutOff = 0;
    let number = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const child = startChild(t);
      t.equal(await child.ask(`open ${folder}`), 'won', `round ${round}`);
      t.equal(await child.ask(`write ${number} ${log}`), 'writing');
      const lastSaid = (name: string) =>
        readFileSync(log, 'utf8')
          .split('\n')
          .findLast((line) => line.startsWith(`${name} `));
      await eventually('a first content of each', () => NAMES.every(lastSaid) || undefined);
      await delay(Math.random() * 12);
      await child.kill();
      t.equal(child.stderr(), '');
      t.same(child.said, [], 'nothing was unreadable');
      if (readdirSync(folder).some((name) => name.startsWith('.tmp-'))) cutOff++;

      const { dir, lines } = await openFolder(t, folder);
      t.same(await dir.names(), NAMES.toSorted());
      for (const name of NAMES) {
        const least = Number(lastSaid(name)?.split(' ')[1]);
        const content = await dir.read(name);
        const found = content && numberOf(name, content);
        // The one that was under way may have come through.
        t.ok(found === least || found === least + 1, `${name}: ${found}, said was ${least}`);
        number = Math.max(number, (found ?? 0) + 1);
      }
      t.same(lines, []);
      t.notOk(readdirSync(folder).some((name) => name.startsWith('.tmp-')));
      await dir.close();
    }
    t.ok(cutOff > 0, `${cutOff} kills hit a file half written`);
  },
);
