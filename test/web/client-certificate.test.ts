import t from 'tap';
import { hasName, namesOf } from '../../src/web/client-certificate.ts';

t.test('names as Node.js writes them', async (t) => {
  const of = (subjectAltName: string | undefined) =>
    namesOf({ subjectAltName } as { subjectAltName: string });
  t.same(of(undefined), []);
  t.same(of(''), []);
  t.same(of('DNS:a.example, IP Address:10.0.0.1, email:x@example.com, URI:spiffe://a/b'), [
    'a.example',
    '10.0.0.1',
    'x@example.com',
    'spiffe://a/b',
  ]);
  t.same(of('IP Address:2001:DB8:0:0:0:0:0:1'), ['2001:db8::1']);
  t.same(
    of('URI:"http://example.com/?a=b, DNS:c"'),
    ['http://example.com/?a=b, DNS:c'],
    'one value, not two',
  );
  t.same(of('othername:"a", DNS:b'), ['b']);
  t.same(of('DirName:"CN = a, O = b", DNS:c'), ['c']);
  for (const odd of ['DNS:"a', 'a', 'DNS:a, nonsense', 'DNS:"\\x"', 'NEW:a, DNS:b'])
    t.same(of(odd), [], `${odd}: no name at all`);
});

t.test('a name is let in by its exact letters', async (t) => {
  const certificate = {
    subjectAltName: 'DNS:*.example.com, DNS:a.example.com, IP Address:2001:DB8:0:0:0:0:0:1',
  };
  for (const name of ['*.example.com', 'a.example.com', '2001:db8::1', '2001:DB8:0::1'])
    t.ok(hasName(certificate, ['x', name]), name);
  for (const name of ['b.example.com', 'A.example.com', 'example.com', '', '2001:db8::2'])
    t.notOk(hasName(certificate, [name]), name);
});
