"""What a compiled Django template says of itself, without being rendered.

Walks the nodes as rendering would: through what it extends and includes, and
with the names that ``for``, ``with`` and ``as`` bind. What cannot be told (a
template chosen by a variable) is left out; the rendering finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

from django.template import Engine, Node, NodeList, TemplateSyntaxError
from django.template.base import (
    FilterExpression,
    Origin,
    TextNode,
    Variable,
    VariableNode,
)
from django.template.defaulttags import (
    FilterNode,
    FirstOfNode,
    ForNode,
    IfNode,
    RegroupNode,
    WithNode,
)
from django.template.loader_tags import (
    BlockNode,
    ExtendsNode,
    IncludeNode,
    construct_relative_path,
)
from django.template.smartif import TokenBase
from django.templatetags.cache import CacheNode
from django.templatetags.i18n import BlockTranslateNode

from django_mcp.providers.templates.nodes import DECLARING, SPEAKING, MessageNode

Names: TypeAlias = set[str]

#: Attributes by which nodes keep the name that they bind: ``{% url … as x %}``.
_BINDING = ("asvar", "target_var", "variable", "variable_name", "var_name", "varname")
#: Filters that make do without a value.
_COPING = {"default", "default_if_none"}
#: Names that Django itself gives every template.
_BUILTIN = {"True", "False", "None"}


@dataclass(slots=True)
class Reading:
    """What was read of one template."""

    #: Names that it takes from outside, and where it first does.
    names: dict[str, str] = field(default_factory=dict)
    #: Those it copes without: in an ``if``, or with a default.
    optional: set[str] = field(default_factory=set)
    #: Its tags of this package, as they come.
    tags: list[Node] = field(default_factory=list)
    #: Where text stands that belongs to no message.
    outside: list[str] = field(default_factory=list)
    #: Names by which it chooses a template when it is rendered, and where.
    choosing: dict[str, str] = field(default_factory=dict)
    #: What makes it unfit to be served.
    mistakes: list[str] = field(default_factory=list)

    def chosen_by(self, names: Collection[str]) -> list[str]:
        """Return what is wrong where one of these names chooses a template."""
        return [
            f"{place}: who calls would choose the template, by {name!r}; give it"
            " choices, or name the template in the option context"
            for name, place in self.choosing.items()
            if name in names
        ]

    @property
    def has_messages(self) -> bool:
        """Does it say itself who speaks?"""
        return any(isinstance(tag, MessageNode) for tag in self.tags)


def read(template: Any, engine: Engine) -> Reading:
    """Read a compiled template.

    Raises: TemplateDoesNotExist, TemplateSyntaxError, for what it includes.
    """
    reader = _Reader(engine)
    reader.template(template, set(_BUILTIN))
    return reader.found


class _Reader:
    def __init__(self, engine: Engine) -> None:
        self.found = Reading()
        self._engine = engine
        #: The templates that are being read, to end with those that include
        #: themselves.
        self._open: list[str] = []
        #: Blocks by name, those of the child first.
        self._blocks: dict[str, list[BlockNode]] = {}
        #: The names of those that were read in their places.
        self._placed: set[str] = set()
        #: What ``{{ block.super }}`` stands for here.
        self._super: list[BlockNode] = []
        self._place = ""
        self._in_message = False
        self._cached = False
        self._coping = False
        self._choosing = False

    # -- templates ---------------------------------------------------------

    def template(self, template: Any, scope: Names) -> None:
        """Read a template that has its own blocks."""
        name = template.origin.name
        if name in self._open:
            return
        self._open.append(name)
        outside, self._blocks, self._placed = (self._blocks, self._placed), {}, set()
        self.nodes(template.nodelist, scope)
        self._blocks, self._placed = outside
        self._open.pop()

    def _extends(self, node: Any, scope: Names) -> None:
        """Read the child's blocks in the places that the parent gives them."""
        history: list[Origin] = [node.origin]
        while True:
            self._child(node)
            name = _constant(node.parent_name)
            if name is None:
                self._choose(node.parent_name, scope)
                self.nodes(node.nodelist.get_nodes_by_type(BlockNode), scope)
                return
            with named(name):
                parent, origin = self._engine.find_template(name, skip=history)
            history.append(origin)
            first = [one for one in parent.nodelist if not isinstance(one, TextNode)]
            if not first or not isinstance(first[0], ExtendsNode):
                self.nodes(parent.nodelist, scope)
                for unknown in self._blocks.keys() - self._placed:
                    self._never_rendered(self._blocks[unknown][0].nodelist)
                return
            node = first[0]

    def _child(self, node: ExtendsNode) -> None:
        for name, block in node.blocks.items():
            self._blocks.setdefault(name, []).append(block)
        self._never_rendered(node.nodelist)

    def _never_rendered(self, nodes: NodeList) -> None:
        """Read what is not in a block, in a template that extends another.

        What it declares holds wherever it stands: nobody may lose a permission
        by writing it in the wrong place.
        """
        for node in nodes:
            if isinstance(node, DECLARING):
                self.found.tags.append(node)
            elif isinstance(node, SPEAKING):
                self.found.mistakes.append(
                    f"{place_of(node)}: what a template says that extends another must"
                    " stand in a block of that other"
                )
            elif not isinstance(node, BlockNode):
                for name in node.child_nodelists:
                    self._never_rendered(getattr(node, name, None) or NodeList())

    def _block(self, node: BlockNode, scope: Names) -> None:
        self._placed.add(node.name)
        chain = self._blocks.get(node.name, [])
        if node not in chain:
            chain = [*chain, node]
        self._one_block(chain, scope)

    def _one_block(self, chain: list[BlockNode], scope: Names) -> None:
        above, self._super = self._super, chain[1:]
        self.nodes(chain[0].nodelist, scope | {"block"})
        self._super = above

    def _include(self, node: IncludeNode, scope: Names) -> None:
        self.value(node.extra_context, scope)
        given = set(node.extra_context)
        name = _constant(node.template)
        if name is None:
            self._choose(node.template, scope)
            return
        origin: Any = node.origin
        path: Any = construct_relative_path(origin.template_name, name)
        with named(path):
            template = self._engine.get_template(path)
        if node.isolated_context:
            # It sees nothing else, so nothing else can be given to it.
            self.template(template, _All(given))
        else:
            self.template(template, scope | given)

    def _choose(self, expression: FilterExpression, scope: Names) -> None:
        """Read what names a template when it is rendered."""
        self._choosing = True
        self.value(expression, scope)
        self._choosing = False

    # -- nodes -------------------------------------------------------------

    def nodes(self, nodes: Iterable[Node], scope: Names) -> None:
        """Read nodes in their order."""
        for node in nodes:
            here, self._place = self._place, place_of(node) or self._place
            self._node(node, scope)
            self._place = here

    def _node(self, node: Node, scope: Names) -> None:
        self._note(node)
        for kind, read_node in self._READERS.items():
            if isinstance(node, kind):
                read_node(self, node, scope)
                return
        self._any(node, scope)

    def _note(self, node: Node) -> None:
        """Remember what the node is to a prompt."""
        if isinstance(node, DECLARING + SPEAKING):
            self.found.tags.append(node)
            if self._cached:
                self.found.mistakes.append(
                    f"{self._place}: inside of {{% cache %}} it would be said once"
                )
        elif not self._in_message and _has_words(node):
            self.found.outside.append(self._place)

    def _any(self, node: Node, scope: Names) -> None:
        """Read what a node holds, of whatever library it is."""
        # What a tag itself takes comes before what stands inside of it.
        held = sorted(vars(node).values(), key=lambda one: isinstance(one, NodeList))
        for value in held:
            self.value(value, scope)
        for name in _BINDING:
            bound = getattr(node, name, None)
            if isinstance(bound, str):
                scope.add(bound)

    def _message(self, node: MessageNode, scope: Names) -> None:
        if self._in_message:
            self.found.mistakes.append(
                f"{self._place}: a message cannot be inside of a message"
            )
            return
        self._in_message = True
        self.nodes(node.nodelist, scope)
        self._in_message = False

    def _for(self, node: Any, scope: Names) -> None:
        self.value(node.sequence, scope)
        self.nodes(node.nodelist_loop, scope | {"forloop", *node.loopvars})
        self.nodes(node.nodelist_empty, set(scope))

    def _if(self, node: IfNode, scope: Names) -> None:
        for condition, nodelist in node.conditions_nodelists:
            self._cope(condition, scope)
            self.nodes(nodelist, scope)

    def _first_of(self, node: FirstOfNode, scope: Names) -> None:
        self._cope(node.vars, scope)
        self._any(node, scope)

    def _with(self, node: WithNode, scope: Names) -> None:
        self.value(node.extra_context, scope)
        self.nodes(node.nodelist, scope | set(node.extra_context))

    def _filter(self, node: FilterNode, scope: Names) -> None:
        self.value(node.filter_expr, scope | {"var"})
        self.nodes(node.nodelist, scope)

    def _regroup(self, node: RegroupNode, scope: Names) -> None:
        self.value(node.target, scope)
        scope.add(node.var_name)
        self.value(node.expression, scope)

    def _cache(self, node: CacheNode, scope: Names) -> None:
        outside, self._cached = self._cached, True
        self._any(node, scope)
        self._cached = outside

    def _translate(self, node: BlockTranslateNode, scope: Names) -> None:
        given = [node.extra_context, node.message_context, node.counter]
        self.value(given, scope)
        bound = scope | {*node.extra_context, str(node.countervar)}
        for token in [*node.singular, *(node.plural or ())]:
            if token.token_type.name == "VAR":
                self._name(token.contents, bound)
        if node.asvar:
            scope.add(node.asvar)

    _READERS: ClassVar[dict[type, Callable[[Any, Any, Names], None]]] = {
        MessageNode: _message,
        ExtendsNode: _extends,
        BlockNode: _block,
        IncludeNode: _include,
        ForNode: _for,
        IfNode: _if,
        FirstOfNode: _first_of,
        WithNode: _with,
        FilterNode: _filter,
        RegroupNode: _regroup,
        CacheNode: _cache,
        BlockTranslateNode: _translate,
    }

    # -- expressions -------------------------------------------------------

    def value(self, value: Any, scope: Names) -> None:
        """Read anything that a node may hold."""
        if isinstance(value, FilterExpression):
            self._expression(value, scope)
        elif isinstance(value, Variable):
            self._variable(value, scope)
        elif isinstance(value, TokenBase):
            parts = ("first", "second", "value")
            self.value([getattr(value, part, None) for part in parts], scope)
        elif isinstance(value, Node):
            self.nodes([value], scope)
        elif isinstance(value, NodeList):
            self.nodes(value, scope)
        elif isinstance(value, dict):
            self.value(list(value.values()), scope)
        elif isinstance(value, list | tuple):
            for item in value:
                self.value(item, scope)

    def _cope(self, value: Any, scope: Names) -> None:
        outside, self._coping = self._coping, True
        self.value(value, scope)
        self._coping = outside

    def _expression(self, expression: FilterExpression, scope: Names) -> None:
        names = {
            getattr(function, "__name__", "") for function, _ in expression.filters
        }
        if names & _COPING:
            self._cope(expression.var, scope)
        else:
            self.value(expression.var, scope)
        for _, arguments in expression.filters:
            self.value([argument for is_var, argument in arguments if is_var], scope)

    def _variable(self, variable: Variable, scope: Names) -> None:
        if not variable.lookups:
            return
        name, *rest = variable.lookups
        self._name(name, scope)
        if name == "block" and rest[:1] == ["super"] and self._super:
            self._one_block(self._super, scope)

    def _name(self, name: str, scope: Names) -> None:
        if name in scope:
            return
        self.found.names.setdefault(name, self._place)
        if self._coping:
            self.found.optional.add(name)
        if self._choosing:
            self.found.choosing.setdefault(name, self._place)


class _All(set[str]):
    """A scope in which every name is known."""

    def __contains__(self, name: object) -> bool:
        return True

    def __or__(self, other: Any) -> Any:
        return self


@contextmanager
def named(name: str) -> Iterator[None]:
    """Note in a syntax error which template it is in; Django does not say."""
    try:
        yield
    except TemplateSyntaxError as error:
        error.add_note(name)
        raise


def place_of(node: Node) -> str:
    """Return where a node stands: ``…/review.md:3``."""
    origin, token = getattr(node, "origin", None), node.token
    if origin is None or token is None:
        return ""
    return f"{origin.name}:{token.lineno}"


def _has_words(node: Node) -> bool:
    if isinstance(node, VariableNode):
        # What the block above says is judged where it stands.
        return str(node.filter_expression) != "block.super"
    return isinstance(node, TextNode) and bool(node.s.strip())


def _constant(expression: FilterExpression) -> str | None:
    """Return the name that an expression always has."""
    if expression.is_var or expression.filters:
        return None
    return str(expression.var)
