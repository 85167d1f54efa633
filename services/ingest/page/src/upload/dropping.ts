/** Files that are dropped anywhere on the page: beside the marked place, a browser would leave for the file. */

import { useEffect, useRef, useState } from "preact/hooks";

const holdsFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;

/** What was dropped; a folder as an empty file of its name. */
function filesOf({ items }: DataTransfer): File[] {
  return [...items].flatMap(item => {
    const entry = item.webkitGetAsEntry();
    return (entry?.isDirectory ? new File([], entry.name) : item.getAsFile()) ?? [];
  });
}

/** Hand each dropped file to *take*; whether some are held over the page now. */
export function useDropping(take: (files: readonly File[]) => void): boolean {
  const [over, setOver] = useState(false);
  const taking = useRef(take);
  taking.current = take;
  useEffect(() => {
    const hovered = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const left = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false); // out of the window, not from one part to another
    };
    const dropped = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setOver(false);
      taking.current(filesOf(event.dataTransfer!));
    };
    const heard = { dragover: hovered, dragleave: left, drop: dropped };
    for (const [name, act] of Object.entries(heard)) document.addEventListener(name, act as EventListener);
    return () => {
      for (const [name, act] of Object.entries(heard))
        document.removeEventListener(name, act as EventListener);
    };
  }, []);
  return over;
}
