import { command } from './buildah.ts';

/** One entry of a layer. */
export interface LayerEntry {
  /** As `ls` writes it: `-rw-r--r--`. */
  readonly mode: string;
  /** `uid/gid`. */
  readonly owner: string;
  readonly bytes: number;
  /** Seconds since the epoch. */
  readonly time: number;
  /** Without a slash at the end. */
  readonly path: string;
}

/** What a layer's tar file lists. */
export async function entriesOf(layer: string): Promise<LayerEntry[]> {
  const listed = await command('tar', ['-tvf', layer, '--numeric-owner', '--full-time', '--utc']);
  return listed.split('\n').map((line) => {
    const [mode = '', owner = '', bytes = '', day = '', hour = '', ...path] = line.split(/\s+/);
    const time = Date.parse(`${day}T${hour}Z`) / 1_000;
    return { mode, owner, bytes: Number(bytes), time, path: path.join(' ').replace(/\/$/, '') };
  });
}
