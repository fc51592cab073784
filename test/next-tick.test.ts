import { Session } from 'node:inspector/promises';
import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { keepTickObject } from '../src/next-tick.ts';

/** How many objects of `process.nextTick` are left after a garbage collection. */
async function tickObjects(session: Session): Promise<number> {
  await setImmediate();
  const { result } = await session.post('Runtime.evaluate', { expression: 'Object.prototype' });
  const { objects } = await session.post('Runtime.queryObjects', { prototypeObjectId: result.objectId! });
  const isOne = (one: object) =>
    Object.hasOwn(one, 'callback') &&
    Object.getOwnPropertySymbols(one).some(({ description }) => description === 'async_id_symbol');
  const counted = await session.post('Runtime.callFunctionOn', {
    objectId: objects.objectId!,
    functionDeclaration: `function () { return this.filter(${isOne}).length; }`,
    returnByValue: true,
  });
  return counted.result.value;
}

t.test('one object of process.nextTick outlasts garbage collections, and no second one', async (t) => {
  const session = new Session();
  session.connect();
  t.teardown(() => session.disconnect());
  const before = await tickObjects(session);
  keepTickObject();
  t.equal(await tickObjects(session), before + 1);
  keepTickObject();
  t.equal(await tickObjects(session), before + 1);
});
