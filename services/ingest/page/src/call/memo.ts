/** A component that renders anew only when one of its properties is another. */

import { Component, type ComponentChild, type FunctionComponent, h } from "preact";

export function memo<P extends object>(Inner: FunctionComponent<P>): new () => Component<P> {
  return class extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      return (Object.keys(next) as (keyof P)[]).some(name => next[name] !== this.props[name]);
    }
    override render(): ComponentChild {
      return h(Inner as FunctionComponent<object>, this.props);
    }
  };
}
