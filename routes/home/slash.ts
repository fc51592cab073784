import { Html } from './html.ts';

/**
 * The page's links are relative, for the sake of a path prefix that a proxy takes away and this program never sees. They lead
 * astray only where the page was opened without the prefix's slash at the end; the browser adds it then, without asking again.
 */
export const SCRIPT = new Html(
  "const{pathname:p,search:s,hash:h}=location;if(!p.endsWith('/'))history.replaceState(null,'',p+'/'+s+h)",
);
