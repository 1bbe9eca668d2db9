// The front end of `app.forms.link.FormLink`, a component of Gradio that shows nothing: the page's end of a form.

const links = new Map();

class Link {
  /** What the page says: handlers of the form read it when they run. */
  said = {};
  /** Called with what a handler of the form has to tell. */
  heard = () => {};
  gradio = new Promise((resolve) => { this.stands = resolve; });

  /** Let an event of the component happen, with data for its handler; early ones wait until the form stands. */
  async let(event, data = null) {
    const { dispatcher, id } = await this.gradio;
    dispatcher(id, event, data);
  }
}

/** The link of the form whose `FormLink` has this name. */
export function linkTo(name) {
  if (!links.has(name)) links.set(name, new Link());
  return links.get(name);
}

/** Called by Gradio where a component that is not its own goes into its page. */
export function mount(component, { props: { shared_props: given } }) {
  const link = linkTo(given.elem_id);
  given.register_component(given.id, (news) => news.value && link.heard(news.value), () => ({ value: link.said }));
  link.stands(given);
}

/** Called by Gradio in turn; a form stays as long as the page. */
export function unmount() {}
