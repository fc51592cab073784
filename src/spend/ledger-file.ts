import type { ConnectionLogger } from '../collection/redis-connection.ts';
import type { StateDir } from '../disk/state-dir.ts';
import { wordsOf } from '../disk/state-dir-error.ts';
import { Book } from './book.ts';
import type { LedgerFile } from './local-ledger.ts';

const NAME = 'ledger.json';

/** The ledger's file in the state folder. What cannot be written stays in memory, and is said once each time it begins. */
export function ledgerFile(
  dir: Pick<StateDir, 'read' | 'write' | 'setAside'>,
  logger: ConnectionLogger,
): LedgerFile {
  let failing = false;
  return {
    async read() {
      const bytes = await dir.read(NAME);
      if (bytes === undefined) return undefined;
      const book = Book.from(parse(bytes));
      if (book === undefined) await dir.setAside(NAME, 'not a ledger of this version');
      return book;
    },
    async write(book) {
      try {
        await dir.write(NAME, Buffer.from(JSON.stringify(book.toData())));
        if (failing) logger.info({ file: NAME }, 'the ledger can be written again');
        failing = false;
        return true;
      } catch (error) {
        const reason = wordsOf(error);
        if (!failing) logger.warn({ file: NAME, reason }, 'the ledger cannot be written to STATE_DIR');
        failing = true;
        return false;
      }
    },
  };
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
