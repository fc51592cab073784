import { kubectl } from './kubectl.ts';

/** What comes and goes by itself. */
const BY_THEMSELVES = /^(events(\.events\.k8s\.io)?|leases\.coordination\.k8s\.io|componentstatuses)$/;

/** Every object of the cluster of every kind that can be listed, `<kind>/<name>` or `<namespace>/<kind>/<name>`. */
export async function allObjects(): Promise<ReadonlySet<string>> {
  const kinds = (await kubectl('api-resources', '--verbs=list', '-o', 'name')).split('\n');
  const listed = kinds.filter((kind) => !BY_THEMSELVES.test(kind)).join(',');
  const format = '{range .items[*]}{.metadata.namespace}/{.apiVersion}/{.kind}/{.metadata.name}{"\\n"}{end}';
  const lines = await kubectl(
    'get',
    listed,
    '--all-namespaces',
    '--ignore-not-found',
    '-o',
    `jsonpath=${format}`,
  );
  return new Set(lines.split('\n').filter((line) => line !== ''));
}
