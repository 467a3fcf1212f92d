package dev.linen.internal.calls;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A system call.
 *
 * @param name the kernel's name
 * @param numberOnX86 its number on x86-64
 * @param numberOnArm its number on aarch64; empty if there is none
 * @param parameters its parameters; none if the kernel has no entry point for it
 * @param hasEntryPoint whether the kernel has an entry point for it; otherwise it returns ENOSYS
 * @param since the first version of Linux that has it: "5.6"
 * @param manPage the name of its man page; empty if there is none
 * @param segmentForms which of the parameters that are a number or a pointer are pointers together: each is a form
 * @param refused why there is no method for it; empty if there is one
 * @param careful what a caller must know about its effects; empty if that is nothing special
 */
public record SystemCall(String name, OptionalInt numberOnX86, OptionalInt numberOnArm, List<Parameter> parameters,
        boolean hasEntryPoint, String since, String manPage, List<List<String>> segmentForms, String refused,
        String careful) {

    private static final String ABSENT = "-";

    private static final Pattern LINE = Pattern.compile("(\\d+|-) (\\d+|-) (\\w+)(?:\\((.*)\\)  (\\S+)"
            + "(?: man=(\\S+))?(?: segments=(\\S+))?|  no entry point)");

    static SystemCall parse(String line, String refused, String careful) {
        Matcher form = LINE.matcher(line);
        if (!form.matches()) {
            throw new IllegalArgumentException(line);
        }
        String name = form.group(3);
        Optional<String> list = Optional.ofNullable(form.group(4));
        List<Parameter> parameters = list.filter(text -> !text.isEmpty()).stream()
                .flatMap(text -> Arrays.stream(text.split(", "))).map(Parameter::parse).toList();
        String page = Optional.ofNullable(form.group(6)).orElse(list.isPresent() ? name : ABSENT);
        return new SystemCall(name, number(form.group(1)), number(form.group(2)), parameters, list.isPresent(),
                Optional.ofNullable(form.group(5)).orElse(""), page.equals(ABSENT) ? "" : page,
                forms(Optional.ofNullable(form.group(7)), parameters), refused, careful);
    }

    private static OptionalInt number(String text) {
        return text.equals(ABSENT) ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(text));
    }

    /** Without a list, each of these parameters alone. */
    private static List<List<String>> forms(Optional<String> list, List<Parameter> parameters) {
        return list.map(text -> Arrays.stream(text.split(",")).map(form -> List.of(form.split("\\+"))).toList())
                .orElseGet(() -> parameters.stream().filter(Parameter::isNumberOrPointer)
                        .map(each -> List.of(each.name())).toList());
    }

    /** Returns whether {@code Linux} has a method for it. */
    public boolean hasMethod() {
        return hasEntryPoint && refused.isEmpty();
    }

    /** Returns its declaration in C: "long getcwd(char *buf, unsigned long size)"; the result is the kernel's. */
    public String prototype() {
        return "long " + name + parameters.stream().map(Parameter::inC).collect(Collectors.joining(", ", "(", ")"));
    }
}
