import { BlockList } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { AddressCounter, clientOf } from '../../src/web/address-counter.ts';

t.test('two IPv6 addresses are one client where their first 64 bits are the same', async (t) => {
  const pair = fc.tuple(fc.ipV6(), fc.ipV6()).filter((all) => all.every((ip) => !ip.includes('.')));
  const property = fc.property(pair, fc.boolean(), ([one, other], near) => {
    const groups = clientOf(one).split(':');
    const second = near ? `${groups.join(':')}::${other.split(':').at(-1) || '1'}` : other;
    const network = new BlockList();
    network.addSubnet(one, 64, 'ipv6');
    return (clientOf(one) === clientOf(second)) === network.check(second, 'ipv6') && groups.length === 4;
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 2_000 }));
  t.equal(clientOf('10.0.0.1'), '10.0.0.1');
  t.equal(clientOf('::ffff:10.0.0.1'), '10.0.0.1', 'IPv4 in disguise');
  t.equal(clientOf('fe80::1%eth0'), 'fe80:0:0:0');
  t.equal(clientOf('::1'), '0:0:0:0');
});

t.test('counts as a plain list of what happened would', async (t) => {
  const step = fc.record({
    ip: fc.constantFrom('10.0.0.1', '10.0.0.2', '::ffff:10.0.0.2'),
    after: fc.nat(400),
  });
  const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    let now = 0;
    let ends = 0;
    let seen: string[] = [];
    const counter = new AddressCounter({ max: 5, windowMs: 1_000 }, () => now);
    return steps.every(({ ip, after }) => {
      now += after;
      const first = seen.length === 0 && ends === 0;
      if (first || now >= ends) {
        seen = [];
        ends = now + 1_000;
      }
      const client = ip.replace('::ffff:', '');
      seen.push(client);
      const expected = seen.filter((one) => one === client).length;
      return (
        counter.add(ip) === expected &&
        counter.of(ip) === expected &&
        counter.secondsLeft === Math.max(1, Math.ceil((ends - now) / 1_000))
      );
    });
  });
  t.doesNotThrow(() => fc.assert(property));
});

t.test('however many addresses there are, no more than so many are kept; the rest are one', async (t) => {
  const counter = new AddressCounter({ max: 5, windowMs: 1_000 }, () => 0);
  const address = (number: number) => `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
  for (let number = 0; number < 10_000; number++) counter.add(address(number));
  t.equal(counter.add(address(20_000)), 1);
  t.equal(counter.add(address(20_001)), 2, 'shared');
  t.equal(counter.add(address(5)), 2, 'one that was there has its own');
});
