# Reads calendar objects with Data::ICal: each a line with its length in octets, then the octets.
# Answers each with one line of JSON.
use strict;
use warnings;
use Data::ICal;
use Encode qw(decode FB_CROAK);
use JSON::PP;

binmode STDIN;
$| = 1;
my $json = JSON::PP->new->ascii->canonical;

while (defined(my $length = <STDIN>)) {
    my $content;
    read(STDIN, $content, $length);
    my @warnings;
    local $SIG{__WARN__} = sub { push @warnings, @_ };
    my $answer = eval { answer($content) } // { error => $@ };
    print $json->encode({ %$answer, warnings => \@warnings }), "\n";
}

sub answer {
    my $calendar = Data::ICal->new(data => shift);
    # What it returns for a file it cannot read is false, and yet an object.
    return $calendar ? { calendar => component($calendar) } : { error => $calendar->error_message };
}

sub component {
    my $found = shift;
    my @lines = map { line($_) } map { @{ $found->properties->{$_} } } sort keys %{ $found->properties };
    return {
        name => $found->ical_entry_type,
        lines => \@lines,
        components => [map { component($_) } @{ $found->entries }],
    };
}

sub line {
    my $found = shift;
    my $params = $found->parameters;
    return {
        name => $found->key,
        value => text($found->value),
        params => { map { $_ => text($params->{$_}) } keys %$params },
    };
}

sub text {
    my $octets = shift // "";
    # Perl's "UTF-8", other than its "utf8", refuses noncharacters, which Unicode allows in texts.
    return decode("utf8", $octets, FB_CROAK);
}
